"""The sheet of the switches page: small, light and dark, nothing from elsewhere."""

CSS = """\
:root { color-scheme: light dark; --ink: #23262f; --quiet: #5b6070; --line: #e3e5ea; --panel: #fff; --canvas: #f8f9fb;
  --accent: #3f51b5; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9ebf0; --quiet: #a4a9b8; --line: #363b48; --panel: #1c1f28; --canvas: #14161d; --accent: #8c9eff;
    --bad: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--canvas); color: var(--ink); font: 14px/22px system-ui, sans-serif; }
main { max-width: 760px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { margin: 0 0 4px; font-size: 21px; line-height: 28px; }
h2 { margin: 0; padding: 12px 16px; font-size: 14px; border-bottom: 1px solid var(--line); }
p { margin: 0 0 16px; color: var(--quiet); }
.rest { padding: 9px 16px; margin: 0; border-top: 1px solid var(--line); }
a { color: var(--accent); }
code { font-family: ui-monospace, monospace; font-size: 13px; }
section { margin: 0 0 16px; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; }
form { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; padding: 9px 16px; }
form + form { border-top: 1px solid var(--line); }
form span { flex: 1 1 260px; overflow-wrap: anywhere; }
form.failing span { color: var(--bad); }
.mail { padding: 9px 16px; }
.mail + .mail { border-top: 1px solid var(--line); }
.mail summary { cursor: pointer; overflow-wrap: anywhere; }
.mail time { color: var(--quiet); font-variant-numeric: tabular-nums; }
.mail.failing strong { color: var(--bad); }
pre { margin: 8px 0 0; font-size: 12px; line-height: 18px; white-space: pre-wrap; overflow-wrap: anywhere; }
select, button { font: inherit; min-height: 32px; padding: 4px 10px; color: inherit; background: var(--panel);
  border: 1px solid var(--quiet); border-radius: 7px; }
select { min-width: 216px; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
"""
