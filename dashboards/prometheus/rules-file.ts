import { stringify } from 'yaml';
import { RECORDED } from '../recorded.ts';
import type { AlertRule, RecordingRule, RuleGroup } from './rule.ts';

/** Groups as Prometheus reads them from a file of rules. */
export function rulesFile(comment: string, groups: ReadonlyArray<RuleGroup<RecordingRule | AlertRule>>): string {
  const document = {
    groups: groups.map(({ name, intervalSeconds, rules }) => ({
      name,
      interval: `${intervalSeconds}s`,
      rules: rules.map((rule) => ('record' in rule ? recordingOf(rule) : alertOf(rule))),
    })),
  };
  return `# ${comment}\n${stringify(document, { lineWidth: 0 })}`;
}

const recordingOf = ({ record, expr }: RecordingRule): object => ({ record: RECORDED[record].name, expr: expr.text });

const alertOf = ({ alert, expr, for: pending, severity, summary, description }: AlertRule): object => ({
  alert,
  expr: expr.text,
  ...(pending === undefined ? {} : { for: pending }),
  labels: { severity },
  annotations: { summary, description },
});
