import type { Plan, PlannedViolation } from "../plan";
import { html, type Html } from "./html";

/** Violations beyond this are counted only. */
const SHOWN = 500;

export function policySection({ policies: { passed, violations } }: Plan): Html {
  const shown = violations.slice(0, SHOWN);
  return html`${
      violations.length === 0
        ? html`<p class="tone good">All ${passed.length} policies pass.</p>`
        : html`<p class="tone danger">
              ${violations.length} ${violations.length === 1 ? "violation" : "violations"}. An update would be
              refused.
            </p>
            <ol class="violations bare">
              ${shown.map(violation)}
            </ol>
            ${violations.length > SHOWN && html`<p class="note">... and ${violations.length - SHOWN} more, left out of this page.</p>`}`
    }
    <details ${violations.length === 0 && html`open`}>
      <summary>
        <h3>Passed <span class="count">${passed.length}</span></h3>
      </summary>
      <ul class="columns">
        ${passed.map((policy) => html`<li><code>${policy}</code></li>`)}
      </ul>
    </details>`;
}

const violation = ({ policy, tenant, urn, message, remedy }: PlannedViolation): Html =>
  html`<li>
    <p class="tone danger">
      <code>${policy}</code>${tenant !== undefined && html`, tenant <code>${tenant}</code>`}: ${message}
    </p>
    <p><b>Remedy:</b> ${remedy}</p>
    <p class="note">Resource <code>${urn}</code></p>
  </li>`;
