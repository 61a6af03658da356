import { expect, it, describe } from "vitest";
import { listProblems } from "./helpers";

/** A name, a tenant list, and exactly what is said about it. */
type Case = readonly [name: string, list: string, problems: readonly string[]];

const yaml: readonly Case[] = [
  [
    "keys written twice",
    `
tenants:
  - id: mx
    name: A
    id: pe
plans: {}
plans: {}
`.slice(1),
    [
      'tenants.yaml:4:5: tenants[0] "mx": id is written twice (first in line 2). Keep one of the two.',
      "tenants.yaml:6:1: plans is written twice (first in line 5). Keep one of the two.",
    ],
  ],
  [
    "aliases, anchors and merge keys",
    `
plans:
  gold: &gold { limits: {} }
  other: *gold
tenants:
  - { <<: *gold, id: mx, name: A }
`.slice(1),
    [
      "tenants.yaml:2:15: plans.gold has an anchor (&gold). Remove it: aliases are refused, what tenants share goes into a plan.",
      "tenants.yaml:3:10: plans.other is an alias (*gold). Write the value itself, or put what tenants share into a plan.",
      'tenants.yaml:5:7: tenants[0] "mx": << is a merge key. Write the fields themselves, or use a plan with "extends".',
    ],
  ],
  [
    "tags",
    `
tenants:
  - { id: !!str mx, name: !secret A }
  - !!js/function x
`.slice(1),
    [
      'tenants.yaml:2:17: tenants[0] "mx": id has the tag tag:yaml.org,2002:str. Remove the tag: values are read as they are written.',
      'tenants.yaml:2:35: tenants[0] "mx": name has the tag !secret. Remove the tag: values are read as they are written.',
      "tenants.yaml:3:19: tenants[1] has the tag tag:yaml.org,2002:js/function. Remove the tag: values are read as they are written.",
    ],
  ],
  [
    "keys that are not text",
    `
1: x
true: x
~: x
? [a]
: x
tenants: []
`.slice(1),
    [
      "tenants.yaml:1:1: has a key that is not text (1). Write it in quotes, or correct the indentation.",
      "tenants.yaml:2:1: has a key that is not text (true). Write it in quotes, or correct the indentation.",
      "tenants.yaml:3:1: has a key that is not text (nothing). Write it in quotes, or correct the indentation.",
      "tenants.yaml:4:3: has a key that is not text (a map or a list). Write it in quotes, or correct the indentation.",
    ],
  ],
  [
    "keys of JavaScript",
    `
__proto__: { admin: true }
tenants:
  - { id: mx, name: A, constructor: x }
plans:
  prototype: {}
`.slice(1),
    [
      "tenants.yaml:1:1: __proto__ is not a name anything may have. Choose another.",
      'tenants.yaml:3:24: tenants[0] "mx": constructor is not a name anything may have. Choose another.',
      "tenants.yaml:5:3: plans.prototype is not a name anything may have. Choose another.",
    ],
  ],
  [
    "tabs",
    "tenants:\n\t- id: mx\n\t  name: A\n",
    [
      "tenants.yaml:2:1: a tab is used as indentation. Indent with two spaces.",
      "tenants.yaml:3:1: a tab is used as indentation. Indent with two spaces.",
    ],
  ],
  [
    "several documents",
    `
tenants: []
---
tenants: []
`.slice(1),
    ['tenants.yaml:2:1: the file holds several documents. Remove the "---" line and what follows it.'],
  ],
  [
    "another version",
    `
%YAML 1.1
---
tenants: []
`.slice(1),
    [
      'tenants.yaml:1:1: the file chooses its own YAML version. Remove the "%YAML" line: this is read as YAML 1.2.',
    ],
  ],
  [
    "syntax",
    `
tenants:
  - id: mx
    name: "A
  - id: pe
`.slice(1),
    [
      'tenants.yaml:5:1: this is not YAML (missing closing "quote). Look at the line and the one before it: indentation, quotes, colons.',
    ],
  ],
  [
    "nothing",
    "",
    ["tenants.yaml: the file is empty. See the tenants.yaml that Atalaya ships, or take it back from git."],
  ],
  [
    "only comments",
    "# nobody yet\n",
    ["tenants.yaml: the file is empty. See the tenants.yaml that Atalaya ships, or take it back from git."],
  ],
  [
    "only a document marker",
    "---\n",
    ["tenants.yaml: the file is empty. See the tenants.yaml that Atalaya ships, or take it back from git."],
  ],
  [
    "a list",
    "- id: mx\n",
    ['tenants.yaml:1:1: the file is not a map of fields. Write it as "field: value" lines.'],
  ],
  [
    "a text",
    "tenants\n",
    ['tenants.yaml:1:1: the file is not a map of fields. Write it as "field: value" lines.'],
  ],
  [
    "tenants is a map",
    "tenants: { mx: { name: A } }\n",
    [
      'tenants.yaml:1:10: tenants is not a list (lines that begin with "- "). Look at the indentation, and at what your editor says.',
    ],
  ],
  [
    "tenants is empty",
    "tenants:\n",
    ['tenants.yaml:1:9: tenants is empty. Write a list (lines that begin with "- "), or remove the line.'],
  ],
  [
    "nesting without end",
    "[".repeat(100000),
    ["tenants.yaml: the file is nested too deeply. Check it for stray brackets."],
  ],
  [
    "a byte order mark",
    "\uFEFFtenants: []\n",
    [
      "tenants.yaml:1:1: the file begins with a byte order mark. Save it as UTF-8 without a BOM: sed -i '1s/^\\xEF\\xBB\\xBF//'.",
    ],
  ],
  [
    "Windows line ends",
    "tenants: []\r\nplans: {}\r\n",
    [
      'tenants.yaml:1:12: the line ends as on Windows (CR LF). Convert it with dos2unix, and keep it so with "*.yaml text eol=lf" in .gitattributes.',
    ],
  ],
  [
    "control characters",
    "tenants: []\n# \u0000\n",
    ["tenants.yaml:2:3: the file holds the control character U+0000. Remove it."],
  ],
  [
    "too large",
    "#".repeat(5242881),
    ["tenants.yaml: the file is larger than 5 MiB. Move what tenants have in common into plans."],
  ],
];

describe("YAML", () => {
  it.each(yaml)("%s", (_name, list, problems) => {
    expect(listProblems(list)).toEqual(problems);
  });
});
