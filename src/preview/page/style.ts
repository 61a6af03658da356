/** Names of colours, each with its light and its dark value. Text has a contrast of at least 4.5 to all it stands on. */
const COLORS = {
  ground: ["#ffffff", "#10151c"],
  raised: ["#f5f7fa", "#19212b"],
  line: ["#d0d7de", "#36414f"],
  text: ["#1b2229", "#e4eaf1"],
  muted: ["#55606c", "#9dabba"],
  link: ["#0b5cad", "#7db8f5"],
  danger: ["#b0231b", "#ff9b90"],
  "danger-ground": ["#fdeceb", "#3a1b1c"],
  warning: ["#855000", "#f0bd6b"],
  "warning-ground": ["#fff5e0", "#33270f"],
  good: ["#17683a", "#77d49a"],
  "good-ground": ["#e8f6ed", "#14301f"],
  info: ["#0b5cad", "#8fc3f8"],
  "info-ground": ["#e8f1fb", "#16293d"],
  "zone-edge": ["#fff5e0", "#2c2412"],
  "zone-control": ["#e8f1fb", "#15263a"],
  "zone-data": ["#e8f6ed", "#142b1d"],
  "zone-view": ["#f4edfb", "#281c38"],
  "zone-tenants": ["#f0f2f5", "#1c242e"],
  "h-name": ["#0a53a1", "#8cc2ff"],
  "h-text": ["#17683a", "#9bdcb0"],
  "h-number": ["#8a3c00", "#ffb985"],
  "h-word": ["#92246b", "#ff9fd0"],
} as const;

const values = (index: 0 | 1): string =>
  Object.entries(COLORS)
    .map(([color, pair]) => `--${color}:${pair[index]};`)
    .join("");

const RULES = `
*{box-sizing:border-box}
html{color-scheme:light dark;scroll-padding-top:3.5rem}
:root[data-theme=light]{color-scheme:light}:root[data-theme=dark]{color-scheme:dark}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
a{color:var(--link)}
code,pre,kbd{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.88em}
pre code{font-size:1em}
code{overflow-wrap:anywhere}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
main>section:focus{outline:none}
::placeholder{color:var(--muted);opacity:1}
.sr,.skip:not(:focus){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip:focus{position:fixed;z-index:9;top:.5rem;left:.5rem;padding:.5rem 1rem;background:var(--ground);border:1px solid var(--line)}
.js{display:none}.has-js .js{display:flex}
header,main,footer{max-width:82rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.5rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.2rem;margin:0 0 .75rem}
h3{font-size:1rem;margin:0 0 .35rem}
h4{font-size:.8rem;color:var(--muted);margin:0 0 .2rem;font-weight:600}
summary h3{display:inline;margin:0}
summary{cursor:pointer}
nav{position:sticky;top:0;z-index:5;background:var(--ground);border-bottom:1px solid var(--line)}
nav>div{display:flex;gap:.25rem 1.1rem;flex-wrap:wrap;align-items:center;max-width:82rem;margin:0 auto;padding:.55rem 1.25rem}
nav a{text-decoration:none}nav a:hover{text-decoration:underline}
nav button{margin-left:auto}
main>section{padding:1.4rem 0;border-bottom:1px solid var(--line)}
footer{padding-block:1rem 3rem;color:var(--muted);font-size:.87rem}
.note,.count{color:var(--muted);font-size:.87rem}
.note{margin:.4rem 0}
.count{font-weight:400}
.bare{list-style:none;padding:0;margin:0}
.tone.danger{color:var(--danger)}.tone.warning{color:var(--warning)}.tone.good{color:var(--good)}
.tone ul{color:var(--text)}
.verdict{font-size:1.05rem;margin-bottom:1rem}
.verdict li{padding-left:1.3rem;position:relative}
.verdict li::before{content:"\\2022";position:absolute;left:.25rem}
.story{margin:.9rem 0}
.story ul{margin:.2rem 0;padding-left:1.3rem}
section.story.danger,section.story.warning{border-left:4px solid;padding:.6rem .9rem;border-radius:0 6px 6px 0}
section.story.danger{border-color:var(--danger);background:var(--danger-ground)}
section.story.warning{border-color:var(--warning);background:var(--warning-ground)}
.badge{display:inline-block;font-size:.75rem;line-height:1.4;padding:0 .45rem;border-radius:99px;font-weight:600;white-space:nowrap}
.badge.warning{color:var(--warning);background:var(--warning-ground)}
.badge.good{color:var(--good);background:var(--good-ground)}
.badge.info{color:var(--info);background:var(--info-ground)}
.tools{gap:.5rem .9rem;flex-wrap:wrap;align-items:center;margin:0 0 .75rem}
.tools label{display:inline-flex;gap:.4rem;align-items:center;font-size:.87rem}
input,select,button{font:inherit;color:var(--text);background:var(--ground);border:1px solid var(--muted);border-radius:6px;padding:.25rem .5rem}
input[type=search]{min-width:16rem}
button{cursor:pointer;background:var(--raised)}
kbd{border:1px solid var(--line);border-radius:4px;padding:0 .3rem}
output{font-size:.87rem;color:var(--muted)}
.scroll{overflow-x:auto;position:relative}.scroll.tall{max-height:70vh;overflow-y:auto}
table{border-collapse:collapse;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .7rem;border:1px solid var(--line)}
thead th{background:var(--raised)}
.tall thead th{position:sticky;top:0;z-index:1}
.row{display:grid;grid-template-columns:minmax(14rem,2.2fr) 1fr 1fr 1fr 1fr 1fr minmax(10rem,1.5fr) 4rem;gap:.2rem .8rem;align-items:baseline;padding:.35rem .6rem .35rem 1.6rem}
.row.head{color:var(--muted);font-size:.8rem;font-weight:600;border-bottom:1px solid var(--line)}
.tenants li{list-style:none}
.tenants>ul>li{border-bottom:1px solid var(--line)}
.dense>ul>li{content-visibility:auto;contain-intrinsic-size:auto 2.2rem}
.dense>ul{max-height:75vh;overflow-y:auto;border-bottom:1px solid var(--line)}
.tenants summary{position:relative;list-style:none}
.tenants summary::-webkit-details-marker{display:none}
.tenants summary::before{content:"\\25B8";position:absolute;left:.5rem;top:.35rem;color:var(--muted)}
.tenants details[open]>summary::before{content:"\\25BE"}
.tenants summary:hover{background:var(--raised)}
.unfolded{columns:15rem;column-gap:1.6rem;padding:.7rem 1.6rem 1.1rem;background:var(--raised);font-size:.88rem}
.unfolded section{break-inside:avoid;padding-bottom:.8rem}
.unfolded .changes{column-span:all}
.unfolded ul{margin:0;padding:0}.unfolded p{margin:0}
.unfolded dl,.outputs{margin:0}
.unfolded dl div{display:flex;justify-content:space-between;gap:1rem;border-bottom:1px dotted var(--line)}
.unfolded dd,.outputs dd{margin:0;overflow-wrap:anywhere}
.unfolded dt{color:var(--muted)}
.outputs div{display:grid;grid-template-columns:14rem 1fr;gap:.2rem 1rem}
bdi{overflow-wrap:anywhere}
figure{margin:0}
.drawing{border:1px solid var(--line);border-radius:8px;padding:.5rem;text-align:center}
.drawing svg{max-width:100%;height:auto;min-width:44rem}
.drawing text{fill:var(--text);font-family:inherit;font-size:11px}
.drawing .zone text{font-size:11.5px}.drawing .edge text{font-size:9.5px}
.drawing .edge text{fill:var(--muted)}
.drawing .process path,.drawing .process polygon{fill:var(--ground);stroke:var(--muted)}
.drawing .outside ellipse{fill:var(--raised);stroke:var(--muted)}
.drawing .stopped path{stroke-dasharray:4 3}
.drawing .zone path,.drawing .zone polygon{fill:var(--zone-tenants);stroke:var(--line)}
.drawing .zone-edge path{fill:var(--zone-edge)}.drawing .zone-control path{fill:var(--zone-control)}
.drawing .zone-data path{fill:var(--zone-data)}.drawing .zone-view path{fill:var(--zone-view)}
.drawing .flow path{stroke:var(--muted)}.drawing .flow polygon{fill:var(--muted);stroke:var(--muted)}
.drawing .published path{stroke:var(--text);stroke-width:2}.drawing .published polygon{fill:var(--text);stroke:var(--text)}
.drawing .published text{fill:var(--text)}
.matrix td{min-width:13rem;padding:.3rem .5rem}
.matrix summary{list-style:none}.matrix summary::-webkit-details-marker{display:none}
.matrix .open{background:var(--good-ground)}.matrix .shut{background:var(--warning-ground)}.matrix .all{background:var(--info-ground)}.matrix .leak{background:var(--danger-ground);color:var(--danger)}
.marks{display:inline-flex;gap:.25rem .8rem;flex-wrap:wrap;border-bottom:1px dotted var(--muted)}
.marks i{font-style:normal;margin-right:.25rem}
.yes{color:var(--good)}.no{color:var(--muted)}
.yes,.no{display:inline-block;min-width:1.1em;text-align:center;white-space:nowrap}
.marks .yes,.marks .no{margin-right:.4rem;font-weight:400}
.apart{margin-top:1rem}
.matrix th .note{display:block;font-weight:400}
.reasons{margin:.4rem 0 .2rem;font-size:.85rem;max-width:36rem}
.reasons dt{font-weight:600}.reasons dd{margin:0 0 .4rem}
.lookup{background:var(--raised);padding:.7rem;border-radius:8px}
.lookup output{flex-basis:100%;color:var(--text)}
.lookup[data-found] output{font-size:1rem}
.violations li{border-left:4px solid var(--danger);padding:.2rem .9rem;margin:.7rem 0;background:var(--danger-ground)}
.violations p{margin:.25rem 0}
.columns{columns:16rem;padding-left:1.2rem}
.tree .directory{margin:.2rem 0}
.tree .file{margin-left:1.4rem}
.tree .file>summary{padding:.12rem 0}
.tree .file>:not(summary){margin-left:1.1rem}
pre{background:var(--raised);border:1px solid var(--line);border-radius:6px;padding:.6rem .8rem;overflow:auto;max-height:34rem;line-height:1.45;margin:.4rem 0;tab-size:2}
.diff .line{display:block;text-decoration:none;min-width:max-content;padding:0 .3rem}
.diff{padding-inline:.3rem}
.diff i{font-style:normal;color:var(--muted);user-select:none}
.diff ins.line{background:var(--good-ground)}.diff del.line{background:var(--danger-ground)}
.diff .at{color:var(--muted)}
.h-attr,.h-section,.h-title,.h-name{color:var(--h-name)}
.h-string,.h-bullet{color:var(--h-text)}
.h-number,.h-literal{color:var(--h-number)}
.h-keyword,.h-meta,.h-type{color:var(--h-word)}
.h-comment{color:var(--muted);font-style:italic}
[hidden]{display:none!important}
@media (max-width:60rem){
.row.head{display:none}
.row{grid-template-columns:1fr 1fr}
.row>:first-child{grid-column:1/-1}
.row>:not(:first-child)::before{content:attr(data-label) ": ";color:var(--muted)}
.outputs div{grid-template-columns:1fr}
input[type=search]{min-width:0;width:100%}
.matrix td{min-width:10rem}
nav{position:static}
}
@media print{
nav,.tools,.skip{display:none!important}
body{font-size:11px}
main>section{break-inside:auto}
pre,.scroll.tall,.dense>ul{max-height:none;overflow:visible}
pre{white-space:pre-wrap}
.short details:not(.file:not([data-changed]),.file details)::details-content{content-visibility:visible;display:block}
tr,.story li{break-inside:avoid}
}
`;

/** The whole style sheet: light, dark where the reader's system is, or as the reader chose. */
export const style = (): string =>
  `:root{${values(0)}}@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${values(1)}}}` +
  `:root[data-theme=dark]{${values(1)}}@media print{:root:root{${values(0)}}}${RULES}`;
