import { expect, it, describe } from "vitest";
import { listProblems } from "./helpers";

/** A name, a tenant list, and exactly what is said about it. */
type Case = readonly [name: string, list: string, problems: readonly string[]];

const names: readonly Case[] = [
  [
    "hidden characters",
    'tenants:\n  - { id: aa, name: "Ac\\u200Bme" }\n  - { id: bb, name: "\\u202EemcA" }\n  - { id: cc, name: "Ac\\u00ADme" }\n  - { id: dd, name: "Ac\\tme" }\n  - { id: ee, name: "Acme\\uFE0F" }\n',
    [
      'tenants.yaml:2:21: tenants[0] "aa": name "Ac<U+200B>me" holds U+200B, a character that nobody sees. Type the name anew instead of pasting it.',
      'tenants.yaml:3:21: tenants[1] "bb": name "<U+202E>emcA" holds U+202E, a character that nobody sees. Type the name anew instead of pasting it.',
      'tenants.yaml:4:21: tenants[2] "cc": name "Ac<U+00AD>me" holds U+00AD, a character that nobody sees. Type the name anew instead of pasting it.',
      'tenants.yaml:5:21: tenants[3] "dd": name "Ac\\tme" holds U+0009, a character that nobody sees. Type the name anew instead of pasting it.',
      'tenants.yaml:6:21: tenants[4] "ee": name "Acme<U+FE0F>" holds U+FE0F, a character that nobody sees. Type the name anew instead of pasting it.',
    ],
  ],
  [
    "mixed scripts",
    `
tenants:
  - { id: aa, name: "Аcme" }
  - { id: bb, name: "Ωmega" }
  - { id: cc, name: Acme 株式会社 }
  - { id: dd, name: Компания }
`.slice(1),
    [
      'tenants.yaml:2:21: tenants[0] "aa": name "Аcme" mixes letters that look alike (Latin and Cyrillic). Write it in one script.',
      'tenants.yaml:3:21: tenants[1] "bb": name "Ωmega" mixes letters that look alike (Latin and Greek). Write it in one script.',
    ],
  ],
  [
    "the same to a reader",
    `
tenants:
  - { id: aa, name: Acme }
  - { id: bb, name: ACME }
  - { id: cc, name: "ｱcme" }
  - { id: dd, name: "Ａcme" }
  - { id: ee, name: "Асме" }
  - { id: ff, name: A c m e }
  - { id: gg, name: Peru }
  - { id: hh, name: Perú }
`.slice(1),
    [
      'tenants.yaml:3:21: tenants[1] "bb": name "ACME" looks the same as "Acme" of tenants[0] (line 2). Choose a name that people can tell apart.',
      'tenants.yaml:5:21: tenants[3] "dd": name "Ａcme" looks the same as "Acme" of tenants[0] (line 2). Choose a name that people can tell apart.',
      'tenants.yaml:6:21: tenants[4] "ee": name "Асме" looks the same as "Acme" of tenants[0] (line 2). Choose a name that people can tell apart.',
      'tenants.yaml:7:21: tenants[5] "ff": name "A c m e" looks the same as "Acme" of tenants[0] (line 2). Choose a name that people can tell apart.',
      'tenants.yaml:9:21: tenants[7] "hh": name "Perú" looks the same as "Peru" of tenants[6] (line 8). Choose a name that people can tell apart.',
    ],
  ],
  [
    "taken",
    `
tenants:
  - { id: aa, name: Main Org. }
  - { id: bb, name: OPERATORS }
`.slice(1),
    [
      'tenants.yaml:2:21: tenants[0] "aa": name "Main Org." looks the same as "Main Org.", which Atalaya keeps for itself. Choose a name that people can tell apart.',
      'tenants.yaml:3:21: tenants[1] "bb": name "OPERATORS" looks the same as "Operators", which Atalaya keeps for itself. Choose a name that people can tell apart.',
    ],
  ],
  [
    "spaces, emptiness, length",
    'tenants:\n  - { id: aa, name: "" }\n  - { id: bb, name: " x" }\n  - { id: cc, name: "x  y" }\n  - { id: dd, name: "---" }\n  - { id: ee, name: "x\\u00A0y" }\n  - { id: ff, name: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx }\n',
    [
      'tenants.yaml:2:21: tenants[0] "aa": name "" has no letter and no digit. Write the name people know the tenant by.',
      'tenants.yaml:3:21: tenants[1] "bb": name " x" has odd spaces. Use single ordinary spaces, and none at the ends.',
      'tenants.yaml:4:21: tenants[2] "cc": name "x  y" has odd spaces. Use single ordinary spaces, and none at the ends.',
      'tenants.yaml:5:21: tenants[3] "dd": name "---" has no letter and no digit. Write the name people know the tenant by.',
      'tenants.yaml:6:21: tenants[4] "ee": name "x<U+00A0>y" has odd spaces. Use single ordinary spaces, and none at the ends.',
      'tenants.yaml:7:21: tenants[5] "ff": name "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..." has 81 characters, the limit is 80. Shorten it.',
    ],
  ],
  [
    "not text",
    `
tenants:
  - { id: aa, name: 1 }
  - { id: bb, name: true }
  - { id: cc, name: ~ }
  - { id: dd, name: [x] }
  - { id: ee }
`.slice(1),
    [
      'tenants.yaml:2:21: tenants[0] "aa": name 1 is not text. Write it in quotes: "1".',
      'tenants.yaml:3:21: tenants[1] "bb": name true is not text. Write it in quotes: "true".',
      'tenants.yaml:4:21: tenants[2] "cc": name is empty. Write text, or remove the line.',
      'tenants.yaml:5:21: tenants[3] "dd": name is not text. Write text.',
      'tenants.yaml:6:5: tenants[4] "ee": name is missing. Add it.',
    ],
  ],
];

describe("names", () => {
  it.each(names)("%s", (_name, list, problems) => {
    expect(listProblems(list)).toEqual(problems);
  });
});
