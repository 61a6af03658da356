/**
 * The few lines that run in the reader's browser: search, filters, order, folding, the look-up of a pair, light and dark. The
 * page says everything without them. It writes text alone, never markup.
 */
export const SCRIPT = String.raw`"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  root.classList.add("has-js");

  // Light and dark: the reader's system decides until the reader does. A file may not be allowed to remember it.
  const KEY = "atalaya-theme";
  const remembered = (() => { try { return localStorage.getItem(KEY); } catch { return null; } })();
  if (remembered === "light" || remembered === "dark") root.dataset.theme = remembered;
  const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const toggle = byId("theme");
  const label = () => { toggle.textContent = isDark() ? "Light" : "Dark"; };
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem(KEY, root.dataset.theme); } catch { /* then not */ }
    label();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
  label();

  // What a link leads to is unfolded, with all around it.
  const reveal = () => {
    const target = location.hash.length > 1 && byId(location.hash.slice(1));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.localName === "details") at.open = true;
    const own = target.querySelector(":scope > details");
    if (own) own.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  for (const button of document.querySelectorAll("[data-fold]"))
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(open));
      button.textContent = open ? "Fold all" : "Unfold all";
      for (const one of byId(button.dataset.fold).querySelectorAll("details")) if (!one.closest("[hidden]")) one.open = open;
    });

  const form = byId("tenant-tools");
  if (form) {
    const list = byId("tenants");
    const rows = [...list.children];
    const search = byId("search");
    const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const found = new Map(rows.map((row) => [row, plain(row.dataset.find)]));
    const filter = () => {
      const words = plain(search.value).split(/\s+/).filter(Boolean);
      const { state, plan, changed } = form.elements;
      let shown = 0;
      for (const row of rows) {
        const text = found.get(row);
        row.hidden = !(words.every((word) => text.includes(word)) && (!state.value || row.dataset.state === state.value) &&
          (!plan.value || row.dataset.plan === plan.value) && (!changed || !changed.checked || "changed" in row.dataset));
        if (!row.hidden) shown++;
      }
      byId("count").textContent = shown === rows.length ? rows.length + " tenants" : shown + " of " + rows.length + " tenants";
      byId("no-tenants").hidden = shown > 0;
    };
    const sort = () => {
      const key = form.elements.sort.value;
      const words = key === "id" || key === "name";
      const compare = words
        ? (a, b) => a.dataset[key].localeCompare(b.dataset[key])
        : (a, b) => Number(b.dataset[key]) - Number(a.dataset[key]) || a.dataset.id.localeCompare(b.dataset.id);
      list.append(...rows.sort(compare));
    };
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", filter);
    form.elements.sort.addEventListener("change", sort);
    addEventListener("keydown", (event) => {
      if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !/^(input|select|textarea)$/.test(event.target.localName)) {
        event.preventDefault();
        search.focus();
        search.scrollIntoView({ block: "center" });
      }
      if (event.key === "Escape" && event.target === search) { search.value = ""; filter(); }
    });
    filter();
  }

  // One cell of a large matrix: the words are those of the rows.
  const lookup = byId("lookup");
  if (lookup) {
    const rows = new Map([...byId("pairs").children].map((row) => [row.dataset.tenant, row]));
    const answer = byId("lookup-answer");
    const show = () => {
      const [by, whose] = ["by", "whose"].map((name) => lookup.elements[name].value.trim());
      const [row, other] = [rows.get(by), rows.get(whose)];
      lookup.toggleAttribute("data-found", Boolean(row && other));
      if (!row || !other) {
        const unknown = [by, whose].filter((id) => id && !rows.has(id));
        answer.textContent = unknown.length > 0 ? "No tenant has the id " + unknown.join(" or ") + "." : "Name two tenants by their ids to see one cell of the matrix.";
        return;
      }
      const leak = [...row.querySelectorAll("[data-leak]")].find((one) => one.dataset.leak === whose);
      const reasons = (leak ?? row.children[by === whose ? 1 : 2]).querySelector(".reasons");
      answer.replaceChildren(row.dataset.name + " with the data of " + (by === whose ? "its own" : other.dataset.name) + ":", reasons ? reasons.cloneNode(true) : "");
    };
    lookup.addEventListener("submit", (event) => event.preventDefault());
    lookup.addEventListener("input", show);
  }
})();
`;
