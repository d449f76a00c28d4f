// Where the undo of this device's drafts lies: in a database of its own, so that it takes no room from the texts that are
// not sent yet (localcopy.js, device.js). Each window of a draft has a line of its own; who opens the draft goes on with
// its own line where the window was reloaded, else with the newest that no window holds. Gone when the draft has been handed in, when the person signs out, or when old.
"use strict";
Teinei.undoStore = (() => {
  const STORE = "lines";
  const OLD = 30 * 24 * 3600 * 1000;
  const MOST = 100; // lines on one device
  const PATIENCE = 10000; // a window that is being reloaded lets go of its line a moment later
  const SENT = "teinei.undo.sent";
  const LINE = "teinei.undo.line.";
  const person = document.body.dataset.person || "nobody";
  const all = (start) => IDBKeyRange.bound(start, `${start}\uffff`);
  const done = (request) =>
    new Promise((yes, no) => {
      request.onsuccess = () => yes(request.result);
      request.onerror = () => no(request.error);
    });

  function remember(name, what) {
    try {
      sessionStorage.setItem(name, JSON.stringify(what));
    } catch { /* the newest line is taken, and goes when it is old */ }
  }

  function remembered(name) {
    try {
      return JSON.parse(sessionStorage.getItem(name) ?? "[]");
    } catch {
      return [];
    }
  }

  function open() {
    const request = indexedDB.open("teinei-undo", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE).createIndex("at", "at");
    return done(request);
  }
  let database = null;
  const opened = Promise.resolve().then(open).then((found) => (database = found), () => null);

  // Committed at once: a page that goes does not wait for it.
  function change(what) {
    if (!database) return;
    const transaction = database.transaction(STORE, "readwrite");
    what(transaction.objectStore(STORE));
    transaction.commit?.();
  }

  // Whether no other window holds the line: this one does from now on, until it goes. Over plain http nobody can tell.
  function held(name, wait) {
    return new Promise((yes) => {
      const forGood = (lock) => (yes(Boolean(lock)), lock && new Promise(() => {}));
      navigator.locks.request(name, wait, forGood).catch(() => yes(false));
    });
  }

  async function take(url) {
    const start = `${person}/${url}#`;
    const own = start + Teinei.uid();
    await opened;
    if (!database) return { name: own, kept: null };
    const store = database.transaction(STORE).objectStore(STORE);
    const [names, values, byAge, old] = await Promise.all([
      done(store.getAllKeys(all(start))),
      done(store.getAll(all(start))),
      done(store.index("at").getAllKeys()),
      done(store.index("at").getAllKeys(IDBKeyRange.upperBound(Date.now() - OLD))),
    ]);
    const gone = new Set([...old, ...byAge.slice(0, -MOST)]);
    if (gone.size) change((lines) => gone.forEach((name) => lines.delete(name)));
    const lines = names.map((name, number) => ({ name, kept: values[number] })).filter(({ name }) => !gone.has(name));
    const [before] = remembered(LINE + url);
    lines.sort((a, b) => (b.name === before) - (a.name === before) || b.kept.at - a.kept.at);
    if (!navigator.locks) return { name: own, kept: lines[0]?.kept ?? null };
    for (const line of lines) {
      const wait = line.name === before ? { signal: AbortSignal.timeout(PATIENCE) } : { ifAvailable: true };
      if (!(await held(line.name, wait))) continue;
      remember(LINE + url, [line.name]);
      return line;
    }
    remember(LINE + url, [own]);
    held(own, {}); // at once: nobody else knows its name
    return { name: own, kept: null };
  }

  let over = false; // signed out: what the page would keep as it goes is not kept
  const write = (name, kept) => over || change((lines) => lines.put({ ...kept, at: Date.now() }, name));

  // A submit of <form data-undo="URL"> is on its way: that draft's lines go once the server says that it has taken it (the
  // cookie `kept`).
  function sent(form) {
    const field = form.querySelector("input[name=kept]") ?? form.appendChild(Teinei.make("input", { type: "hidden", name: "kept" }));
    field.value ||= Teinei.uid();
    remember(SENT, [form.dataset.undo, field.value]);
  }

  // Before localcopy.js, which takes the cookie away.
  const taken = /(?:^|; )kept=([^;]+)/.exec(document.cookie)?.[1];
  const [url, id] = remembered(SENT);
  let ended = Promise.resolve();
  if (id && id === taken) {
    remember(SENT, []);
    ended = opened.then(() => change((lines) => lines.delete(all(`${person}/${url}#`))));
  }

  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-undo]") && !event.defaultPrevented) sent(event.target);
    if (!event.target.matches("[data-sign-out]")) return;
    change((lines) => lines.delete(all(`${person}/`)));
    over = true;
  });

  return { take: (url) => ended.then(() => take(url)), write };
})();
