// What cannot be undone opens only when its name is typed. The server checks the name as well.
"use strict";
Teinei.onContent((root) => {
  root.querySelectorAll("form[data-confirm-name]").forEach((form) => {
    const field = form.querySelector("[name=confirm]");
    const button = form.querySelector("button:not([type=button])");
    const check = () => {
      button.disabled = field.value.trim() !== form.dataset.confirmName;
    };
    field.addEventListener("input", check);
    check();
  });
});
