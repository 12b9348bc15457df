// The address says what is shown: #person=…, #account=…, #resource=…, #findings?type=…, #access?q=…
const accessForm = byId("access-filters");
const accessGrid = new Grid(byId("access-grid"), "All access", Object.values(grantColumns));
const leaversGrid = new Grid(byId("leavers-grid"), "Accounts of leavers", leaverColumns);

// Every word has to be in the person and account, in the access, or in its place
function chosenAccess(values) {
  const words = (values.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (text, word) => text.toLowerCase().includes(word);
  const ofAccounts = words.map((word) => accounts.rows.map((row) => holds(
    [names.account(row), accounts.username(row), accounts.mail(row), accounts.source(row), accounts.status(row),
      accounts.person(row) === null ? NO_PERSON : names.person(accounts.person(row)), people.department(accounts.person(row)), people.status(accounts.person(row))].join(" "), word)));
  const ofEntitlements = words.map((word) => entitlements.rows.map((row) => holds(`${names.entitlement(row)} ${entitlements.resource_name(row)}`, word)));
  return grants.rows.filter((row) => {
    const account = grants.account(row);
    const entitlement = grants.entitlement(row);
    return (!values.system || accounts.source(account) === values.system)
      && (!values.department || placeOfPerson(accounts.person(account)) === values.department)
      && (!values.privileged || entitlements.privileged(entitlement) === true)
      && words.every((word, place) => ofAccounts[place][account] || ofEntitlements[place][entitlement]
        || holds(`${grants.scope(row) ?? ""} ${grants.path(row) ?? ""}`, word));
  });
}

function readyAccess() {
  field(accessForm, "q", "Search");
  field(accessForm, "system", "System", anyOf("all", SYSTEMS));
  field(accessForm, "department", "Department", anyOf("all", [...DEPARTMENTS, NO_DEPARTMENT, NO_PERSON]));
  check(accessForm, "privileged", "privileged only");
  accessForm.addEventListener("input", () => {
    const values = valuesOf(accessForm);
    keepInAddress("access", values);
    accessGrid.show(chosenAccess(values));
  });
  accessForm.addEventListener("submit", (event) => event.preventDefault());
  accessGrid.show(grants.rows);
}

const filtered = {
  findings(values) { setValues(findingsForm, values); groupsShown = GROUPS; drawFindings(values); },
  access(values) { setValues(accessForm, values); accessGrid.show(chosenAccess(values)); },
};

let arrived = false;
function show() {
  const [, kind, id] = location.hash.match(/^#(person|account|resource)=(.*)$/s) ?? [];
  const [, place, asked] = location.hash.match(/^#(\w*)\??(.*)$/s) ?? [];
  byId("detail").hidden = !kind;
  byId("everything").hidden = Boolean(kind);
  let focus = byId(place || "main") ?? byId("main");
  if (kind) {
    let wanted;
    try { wanted = decodeURIComponent(id); } catch { wanted = id; }
    showDetail(kind, wanted);
    focus = byId("detail-title");
  } else if (filtered[place] && location.hash.includes("?")) {
    filtered[place](Object.fromEntries(new URLSearchParams(asked)));
  }
  if (arrived || kind || asked) {
    focus.focus({ preventScroll: true });
    focus.scrollIntoView();
  }
  arrived = true;
}

// A page that lies about is old, however fresh its data was
function warnOfAge() {
  const days = Math.floor((Date.now() - Date.parse(data.made)) / 86400000);
  if (days < 2) return;
  byId("old").textContent = `This page was made ${count(days, "day")} ago, by the clock of this computer. It shows the access of that day.`;
  byId("old").hidden = false;
}

readyFindings();
drawFindings({});
readyMatrix();
readyAccess();
leaversGrid.show(exposures.rows);
readyFind();
warnOfAge();
window.addEventListener("hashchange", show);
window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
show();
document.documentElement.dataset.ready = "yes";
performance.mark("ready");
