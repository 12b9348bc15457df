// Find a person, an account of nobody, or a resource by a part of its name, mail address or number
const FOUND = 12;
const findInput = byId("find"), findResults = byId("find-results");
const findList = findResults.querySelector("ul");
let index = null;

function findIndex() {
  const line = (parts) => parts.filter(Boolean).join(" ").toLowerCase();
  const resources = [...groupRows(entitlements.rows, entitlements.resource).values()];
  return [
    ...people.rows.map((row) => [line([people.name(row), people.mail(row), people.number(row)]),
      () => [linkPerson(row), [people.title(row), people.department(row), people.status(row)]]]),
    ...resources.map(([row]) => [line([entitlements.resource_name(row), entitlements.name(row)]),
      () => [link("resource", entitlements.resource(row), entitlements.resource_name(row) || names.entitlement(row)), [entitlements.type(row), entitlements.source(row)]]]),
    ...accounts.rows.filter((row) => accounts.person(row) === null).map((row) => [line([accounts.name(row), accounts.username(row), accounts.mail(row)]),
      () => [linkAccount(row), ["account", accounts.source(row), NO_PERSON]]]),
  ];
}

function find() {
  index ??= findIndex();
  const words = findInput.value.toLowerCase().split(/\s+/).filter(Boolean);
  findResults.hidden = !words.length;
  if (!words.length) return;
  const found = index.filter(([line]) => words.every((word) => line.includes(word)));
  byId("find-count").textContent = found.length > FOUND ? `${FOUND} of ${found.length.toLocaleString("en")}: type more` : `${found.length} found`;
  findList.replaceChildren(...found.slice(0, FOUND).map(([, shown]) => {
    const [made, about] = shown();
    return element("li", {}, made, " ", outside(about.filter(Boolean).join(", ")));
  }));
}

function closeFind(back) {
  findResults.hidden = true;
  if (back) findInput.focus();
}

function readyFind() {
  findInput.addEventListener("input", find);
  document.querySelector(".find").addEventListener("keydown", (event) => {
    const links = [findInput, ...findList.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") closeFind(true);
    else if (event.key === "Enter" && at === 0 && links[1] && !findResults.hidden) links[1].click();
    else if (step && links[at + step]) links[at + step].focus();
    else return;
    event.preventDefault();
  });
  document.addEventListener("click", (event) => { if (!event.target.closest(".find")) closeFind(false); });
  findList.addEventListener("click", () => { findInput.value = ""; closeFind(false); });
}
