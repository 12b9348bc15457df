const data = JSON.parse(document.getElementById("data").textContent);
const byId = (rows, id = 0) => new Map(rows.map((row) => [row[id], row]));
const grouped = (rows, key) => {
  const groups = new Map();
  for (const row of rows) {
    const found = groups.get(key(row));
    if (found) found.push(row); else groups.set(key(row), [row]);
  }
  return groups;
};

// The columns of each row, in the order of the queries
const person = { id: 0, name: 1, mail: 2, number: 3, title: 4, department: 5, type: 6, status: 7, started: 8, ended: 9, manager: 10 };
const account = { id: 0, person: 1, source: 2, type: 3, name: 4, username: 5, mail: 6, status: 7, word: 8, mfa: 9, login: 10, rule: 11 };
const entitlement = { id: 0, source: 1, type: 2, resource: 3, resourceName: 4, slug: 5, name: 6, description: 7, privileged: 8 };
const grant = { account: 0, entitlement: 1, scope: 2, direct: 3, path: 4, granted: 5, seen: 6 };
const finding = { type: 0, severity: 1, title: 2, evidence: 3, source: 4, person: 5, account: 6, entitlement: 7, since: 8, excepted: 9, until: 10 };

const people = byId(data.people);
const accounts = byId(data.accounts);
const entitlements = byId(data.entitlements);
const accountsOf = grouped(data.accounts, (row) => row[account.person]);
const accountOf = (row) => data.accounts[row[grant.account]];
const entitlementOf = (row) => data.entitlements[row[grant.entitlement]];
const personOf = (row) => people.get(accountOf(row)[account.person]);

// Text from the sources is always set as text, never as markup.
const text = (value) => document.createTextNode(value ?? "");
const element = (name, ...children) => {
  const made = document.createElement(name);
  made.append(...children);
  return made;
};
const link = (kind, id, words) => {
  if (id === null || id === undefined) return text(words);
  const made = element("a", text(words || id));
  made.href = `#${kind}=${encodeURIComponent(id)}`;
  return made;
};
const yes = (value) => (value === true ? "yes" : value === false ? "no" : "unknown");

const words = {
  person: (found) => (found ? found[person.name] || found[person.id] : "no person in HR"),
  account: (found) => found[account.name] || found[account.username] || found[account.id],
  since: (row) => row[grant.granted] || `seen since ${row[grant.seen]}`,
};

// A column: its title, the text that is shown, searched and sorted, and the target of its link, if any
const grantColumns = {
  person: ["Person", (row) => words.person(personOf(row)), (row) => ["person", personOf(row)?.[person.id]]],
  department: ["Department", (row) => personOf(row)?.[person.department]],
  employment: ["Employment", (row) => personOf(row)?.[person.status] ?? "unknown"],
  system: ["System", (row) => accountOf(row)[account.source]],
  account: ["Account", (row) => words.account(accountOf(row)), (row) => ["account", accountOf(row)[account.id]]],
  status: ["Account status", (row) => accountOf(row)[account.status]],
  access: ["Access", (row) => entitlementOf(row)[entitlement.name], (row) => ["resource", entitlementOf(row)[entitlement.resource]]],
  scope: ["Where", (row) => row[grant.scope]],
  privileged: ["Privileged", (row) => yes(entitlementOf(row)[entitlement.privileged])],
  path: ["Through", (row) => row[grant.path]],
  since: ["Since", words.since],
};

function table(id, rows, columns, order = []) {
  const at = `#${id}`;
  if (DataTable.isDataTable(at)) new DataTable(at).destroy(true);
  if (!document.querySelector(at)) {
    // DataTables removed the element; a table with other columns needs a new one
    const made = element("table");
    made.id = id;
    made.className = "display compact";
    made.setAttribute("aria-labelledby", "detail-what");
    document.getElementById("detail").append(made);
  }
  return new DataTable(at, {
    data: rows,
    order,
    autoWidth: false,
    deferRender: true,
    pageLength: 25,
    lengthMenu: [10, 25, 100],
    language: { emptyTable: "No entries", search: "Search" },
    columns: columns.map(([title, shown, leads]) => ({
      title,
      data: null,
      type: rows.some((row) => typeof shown(row) === "number") ? "num" : "html",
      render: {
        _: (row) => shown(row) ?? "",
        display: (row) => {
          const value = String(shown(row) ?? "");
          if (!leads) {
            const made = element("span", text(value));
            if (title === "Severity") made.className = value;
            return made;
          }
          const [kind, target] = leads(row);
          return link(kind, target, value);
        },
      },
      createdCell: (cell) => { cell.dataset.name = title; },
    })),
  });
}

const findingColumns = [
  ["Severity", (row) => row[finding.severity]],
  ["Finding", (row) => row[finding.title]],
  ["Evidence", (row) => row[finding.evidence]],
  ["Person", (row) => words.person(people.get(row[finding.person])), (row) => ["person", row[finding.person]]],
  ["Account", (row) => (accounts.has(row[finding.account]) ? words.account(accounts.get(row[finding.account])) : row[finding.account]),
    (row) => ["account", accounts.has(row[finding.account]) ? row[finding.account] : null]],
  ["System", (row) => row[finding.source]],
  ["Since", (row) => row[finding.since]],
  ["Excepted", (row) => (row[finding.excepted] ? `until ${row[finding.until]}` : "")],
];

function overview() {
  table("findings-table", data.findings, findingColumns);
  table("exposure-table", data.exposures, [
    ["Person", (row) => row[2], (row) => ["person", row[1]]],
    ["Account", (row) => (accounts.has(row[0]) ? words.account(accounts.get(row[0])) : row[0]), (row) => ["account", accounts.has(row[0]) ? row[0] : null]],
    ["Left on", (row) => row[3]],
    ["Closed (UTC)", (row) => (row[6] ? "STILL OPEN" : row[4])],
    ["Hours", (row) => row[5]],
  ]);
  table("progress-table", data.progress, [
    ["Campaign", (row) => row[1]],
    ["State", (row) => row[2]],
    ["Due", (row) => row[3]],
    ["Reviewer", (row) => row[4]],
    ["To decide", (row) => row[5]],
    ["Decided", (row) => row[6]],
    ["To change", (row) => row[7]],
  ]);
  table("population-table", data.grants, Object.values(grantColumns));
}

function facts(pairs) {
  document.getElementById("detail-facts").replaceChildren(
    ...pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").flatMap(([name, value]) => [
      element("dt", text(name)),
      element("dd", value instanceof Node ? value : text(value)),
    ]),
  );
}

function findingsOf(chosen) {
  const place = document.getElementById("detail-findings");
  place.replaceChildren();
  if (!chosen.length) return;
  place.append(element("h3", text("Findings")), element("ul", ...chosen.map((row) => {
    const item = element("li", text(`${row[finding.severity]}: ${row[finding.title]}. ${row[finding.evidence] ?? ""}`));
    item.className = row[finding.severity];
    return item;
  })));
}

const details = {
  person(id) {
    const found = people.get(id);
    if (!found) return null;
    const theirs = accountsOf.get(id) ?? [];
    const held = new Set(theirs.map((row) => row[account.id]));
    const manager = people.get(found[person.manager]);
    facts([
      ["Email", found[person.mail]], ["Employee number", found[person.number]],
      ["Job title", found[person.title]], ["Department", found[person.department]],
      ["Employment", [found[person.status], found[person.type]].filter(Boolean).join(", ")],
      ["Started", found[person.started]], ["Ended", found[person.ended]],
      ["Manager", manager && link("person", manager[person.id], words.person(manager))],
      ...theirs.map((row) => [`${row[account.source]} account`, element("span",
        link("account", row[account.id], words.account(row)),
        text(` (${row[account.status]}, last sign-in ${row[account.login] ?? "unknown"})`))]),
    ]);
    return {
      title: words.person(found), what: "Access",
      findings: (row) => row[finding.person] === id,
      rows: (row) => held.has(accountOf(row)[account.id]),
      columns: ["system", "account", "access", "scope", "privileged", "path", "since"],
    };
  },
  account(id) {
    const found = accounts.get(id);
    if (!found) return null;
    const owner = people.get(found[account.person]);
    facts([
      ["Account", found[account.id]], ["System", found[account.source]],
      ["Person", link("person", owner?.[person.id], words.person(owner))],
      ["Matched by", found[account.rule]], ["Type", found[account.type]],
      ["Username", found[account.username]], ["Email", found[account.mail]],
      ["Status", found[account.status]], ["Vendor status", found[account.word]],
      ["MFA", yes(found[account.mfa])], ["Last sign-in", found[account.login] ?? "unknown"],
    ]);
    return {
      title: words.account(found), what: "Access",
      findings: (row) => row[finding.account] === id,
      rows: (row) => accountOf(row) === found,
      columns: ["access", "scope", "privileged", "path", "since"],
    };
  },
  resource(id) {
    const given = data.entitlements.filter((row) => row[entitlement.resource] === id);
    if (!given.length) return null;
    const ids = new Set(given.map((row) => row[entitlement.id]));
    facts([
      ["Resource", id], ["System", given[0][entitlement.source]], ["Type", given[0][entitlement.type]],
      ["Entitlements", given.map((row) => row[entitlement.name]).join("; ")],
      ["Description", given[0][entitlement.description]],
      ["Privileged", yes(given[0][entitlement.privileged])],
    ]);
    return {
      title: given[0][entitlement.resourceName] || id, what: "Who has access, and through what",
      findings: (row) => ids.has(row[finding.entitlement]),
      rows: (row) => ids.has(entitlementOf(row)[entitlement.id]),
      columns: ["person", "employment", "account", "status", "access", "scope", "path", "since"],
    };
  },
};

let arrived = false;
function show() {
  const [, kind, id] = location.hash.match(/^#(person|account|resource)=(.*)$/s) ?? [];
  const detail = document.getElementById("detail");
  const everything = document.getElementById("everything");
  detail.hidden = !kind;
  everything.hidden = Boolean(kind);
  let focus = document.getElementById(location.hash.slice(1)) ?? document.getElementById("main");
  if (kind) {
    let wanted;
    try { wanted = decodeURIComponent(id); } catch { wanted = id; }
    document.getElementById("detail-facts").replaceChildren();
    const found = details[kind](wanted);
    const title = document.getElementById("detail-title");
    title.textContent = found ? found.title : `No entry has the id ${wanted}`;
    document.getElementById("detail-what").textContent = found ? found.what : "";
    findingsOf(found ? data.findings.filter(found.findings) : []);
    table("detail-table", found ? data.grants.filter(found.rows) : [],
      (found ? found.columns : ["access"]).map((name) => grantColumns[name]));
    focus = title;
  }
  if (arrived || kind) {
    focus.focus({ preventScroll: true });
    focus.scrollIntoView();
  }
  arrived = true;
}

overview();
window.addEventListener("hashchange", show);
show();
