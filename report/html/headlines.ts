import { type Headline, type LegAnswer, stateOf } from '../words/headline.ts';
import { html, type Markup } from './markup.ts';

/** The few figures of the first screen side by side, each with its state in words and at its edge. */
export const headlineTiles = (headlines: readonly Headline[]): Markup =>
  headlines.length === 0 ? html`` : html`<dl class="headlines">\n${headlines.map(tile)}</dl>\n`;

const tile = ({ label, answers }: Headline): Markup =>
  html`<div><dt>${label}</dt>
${answers.map((answer) => answerOf(answer, answers.length > 1))}</div>
`;

const answerOf = (answer: LegAnswer, isOneOfSeveral: boolean): Markup =>
  html`<dd class="${answer.state.replace(' ', '-')}">${isOneOfSeveral && html`<span class="leg">${answer.leg}</span> `}${
    answer.value.length > 0 && html`<strong>${answer.value}</strong> `
  }${answer.detail.length > 0 && html`<span class="detail">${answer.detail}</span> `}<span class="state">${stateOf(answer)}</span></dd>
`;
