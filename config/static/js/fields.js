// The values of a form's fields, read and put in again: {name: text, or a list where several can be chosen}.
// Teinei.fields.fill says teinei:filled on each field that it was given a value for.
"use strict";
Teinei.fields = (() => {
  const NEVER = "[type=hidden], [type=submit], [type=button], [type=file]";

  function read(form, but = "#none") {
    const fields = {};
    for (const field of form.elements) {
      if (!field.name || field.tagName === "BUTTON" || field.matches(NEVER) || field.matches(but)) continue;
      if (field.type === "radio") {
        fields[field.name] ??= "";
        if (field.checked) fields[field.name] = field.value;
      } else if (field.type === "checkbox") {
        fields[field.name] ??= [];
        if (field.checked) fields[field.name].push(field.value);
      } else if (field.multiple) {
        fields[field.name] = [...field.selectedOptions].map((option) => option.value);
      } else {
        fields[field.name] = field.value;
      }
    }
    return fields;
  }

  function fill(form, fields, but = "#none") {
    for (const field of form.elements) {
      if (!(field.name in fields) || field.tagName === "BUTTON" || field.matches(NEVER) || field.matches(but)) continue;
      const value = fields[field.name];
      if (field.type === "radio") field.checked = field.value === value;
      else if (field.type === "checkbox") field.checked = value.includes(field.value);
      else if (field.multiple) for (const option of field.options) option.selected = value.includes(option.value);
      else if (field.value !== value) field.value = value;
      field.dispatchEvent(new CustomEvent("teinei:filled", { bubbles: true }));
    }
  }

  return { read, fill };
})();
