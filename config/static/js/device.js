// A second place for what this device keeps of texts: browsers write localStorage to the disk only after seconds (Chromium:
// five to sixty), IndexedDB at once. Who kills the browser or pulls the plug loses what stood in the first alone.
// Teinei.kept goes on as before; Teinei.kept.ready comes when what was missing there has been brought back.
"use strict";
(() => {
  const { kept } = Teinei;
  const MIRRORED = /^(draft|copy)\./;
  const SOON = 50; // one write for what comes together
  const PATIENCE = 1500;
  const STORE = "kept";
  const person = document.body.dataset.person || "nobody";
  const key = (name) => `${person}/${name}`;
  const done = (request) =>
    new Promise((yes, no) => {
      request.onsuccess = () => yes(request.result);
      request.onerror = () => no(request.error);
    });

  function open() {
    const request = indexedDB.open("teinei", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    return done(request);
  }

  const { write, drop } = kept;
  const waiting = new Map();
  let database = null;
  let timer = null;

  function flush() {
    timer = null;
    if (!database || !waiting.size) return;
    const store = database.transaction(STORE, "readwrite").objectStore(STORE);
    for (const [name, value] of waiting) {
      if (value === undefined) store.delete(key(name));
      else store.put(value, key(name));
    }
    waiting.clear();
  }

  function mirror(name, value) {
    if (!MIRRORED.test(name)) return;
    waiting.set(name, value);
    timer ??= setTimeout(flush, SOON);
  }

  kept.write = (name, value) => {
    mirror(name, value);
    return write(name, value);
  };
  kept.drop = (name) => {
    mirror(name, undefined);
    drop(name);
  };

  async function bringBack() {
    database = await open();
    const store = database.transaction(STORE).objectStore(STORE);
    const [names, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
    names.forEach((full, number) => {
      if (!full.startsWith(key(""))) return;
      const name = full.slice(key("").length);
      if (waiting.has(name)) return;
      if ((kept.read(name)?.at ?? -1) < (values[number].at ?? 0)) write(name, values[number]);
    });
    flush();
  }

  const late = new Promise((yes) => setTimeout(yes, PATIENCE));
  kept.ready = Promise.race([bringBack().catch(() => {}), late]);
  addEventListener("pagehide", flush);
})();
