import { RigError } from '../../core/values/errors.ts';
import { type BuildDeps, type BuiltTarget, buildTarget } from '../build.ts';
import type { TargetSource } from '../catalogue.ts';

/** A target before anything is measured: built, or why not. */
export type Prepared =
  | { readonly source: TargetSource; readonly state: 'built'; readonly built: BuiltTarget }
  | {
      readonly source: TargetSource;
      /** `skipped`: a program that it takes isn't here. */
      readonly state: 'skipped' | 'failed';
      readonly why: string;
    };

/** Characters of a build's output that are shown. */
const SHOWN_CHARS = 2000;

/**
 * Builds targets one after the other, since each build takes all cores; what is there already is left alone.
 *
 * @throws RigError EINTERRUPTED
 */
export async function prepare(
  sources: readonly TargetSource[],
  { env, signal }: Pick<BuildDeps, 'env' | 'signal'>,
  say: (line: string) => void,
): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  for (const source of sources) {
    const { name } = source.manifest;
    let output = '';
    const onOutput = (text: string): void => {
      output = (output + text).slice(-SHOWN_CHARS);
    };
    try {
      const built = await buildTarget(source, { env, signal, onOutput });
      if (!built.wasCached) say(`${name}: built`);
      prepared.push({ source, state: 'built', built });
    } catch (error) {
      if (!(error instanceof RigError) || error.code === 'EINTERRUPTED') throw error;
      const isLacking = error.code === 'ETOOLCHAIN';
      const why = isLacking ? `${error.message} — ${error.hint}` : `${error.message}\n${output}`.trimEnd();
      say(`${name}: ${isLacking ? 'skipped' : 'failed'}: ${why}`);
      prepared.push({ source, state: isLacking ? 'skipped' : 'failed', why });
    }
  }
  return prepared;
}
