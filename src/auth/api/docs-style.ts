/** Of the readable page. Lines wrap, and what cannot wrap scrolls by itself. */
export const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d0d4da, #3b4048); --soft: light-dark(#f4f5f7, #1d2025); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 60rem; font: 1rem/1.5 system-ui, sans-serif;
  background: light-dark(#ffffff, #14161a); color: light-dark(#1b1e23, #e4e6ea); overflow-wrap: anywhere; }
a { color: light-dark(#0b57a4, #8cc2ff); }
small { font-weight: normal; font-size: 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
nav ul { padding: 0; list-style: none; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
article { margin: 1.5rem 0; padding: 0 1rem 1rem; border: 1px solid var(--line); border-radius: 0.5rem; }
article:target, tr:target { outline: 2px solid currentcolor; }
pre { padding: 0.75rem; background: var(--soft); border-radius: 0.25rem; overflow-x: auto; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
caption { text-align: left; font-weight: bold; padding: 0.25rem 0; }
th, td { padding: 0.35rem 0.75rem 0.35rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
th { font-weight: normal; white-space: nowrap; }
td { overflow-wrap: normal; }
dt { font-weight: bold; }
dd { margin: 0 0 0.5rem; }
summary { cursor: pointer; }
`;
