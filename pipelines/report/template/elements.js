// Text from the sources is always set as text, never as markup.
const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
};
const outside = (words, properties = {}) => element("span", { dir: "auto", ...properties }, words ?? "");
const address = (kind, id) => `#${kind}=${encodeURIComponent(id)}`;
const link = (kind, id, words, properties = {}) => (id === null || id === undefined
  ? outside(words, properties)
  : element("a", { href: address(kind, id), dir: "auto", ...properties }, words || id));
const linkPerson = (row) => link("person", people.id(row), names.person(row));
const linkAccount = (row) => link("account", accounts.id(row), names.account(row));
const byId = (id) => document.getElementById(id);

// A filter: a labelled field of a form, which calls `changed` with the values of all fields
function field(form, name, label, options = null, value = "") {
  const made = options
    ? element("select", { name }, ...options.map(([option, words]) => element("option", { value: option }, words)))
    : element("input", { name, type: "search", autocomplete: "off" });
  made.value = value;
  form.append(element("label", {}, label, made));
  return made;
}
function check(form, name, label, type = "checkbox", value = "yes", checked = false) {
  form.append(element("label", { className: "check" }, element("input", { type, name, value, checked }), label));
}
const valuesOf = (form) => Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
function setValues(form, values) {
  for (const made of form.elements) {
    if (made.type === "checkbox") made.checked = values[made.name] === made.value;
    else if (made.type === "radio") made.checked = (values[made.name] ?? form.elements[made.name][0].value) === made.value;
    else made.value = values[made.name] ?? "";
  }
}
// Keep the filters in the address, so that a filtered list can be linked to
function keepInAddress(place, values) {
  const asked = new URLSearchParams(values).toString();
  history.replaceState(null, "", `#${place}${asked && "?"}${asked}`);
}
const anyOf = (words, values) => [["", words], ...values.map((value) => (Array.isArray(value) ? value : [value, value]))];
const distinct = (values) => [...new Set(values)].filter((value) => value !== null).sort();
const SYSTEMS = distinct(accounts.rows.map(accounts.source).concat(entitlements.rows.map(entitlements.source)));
const DEPARTMENTS = distinct(people.rows.map(people.department));
