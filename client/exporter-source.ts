import type { RunConfig } from '../config/run-config.ts';
import type { ExporterSource } from '../memory/exporter.ts';
import { type Trust, toTrust } from '../memory/trust.ts';

/** The exporter of a run with what it takes to ask it. */
export function exporterOf(config: RunConfig): ExporterSource | undefined {
  const { exporter, exporterToken: token } = config;
  return exporter && { ...exporter, token, trust: trustOf(config) };
}

/** Whom a run believes that asks for something over https. Node.js keeps what it trusts itself, so that isn't read anew. */
export const trustOf = ({ ca, insecure, tlsMaterial }: Pick<RunConfig, 'ca' | 'insecure' | 'tlsMaterial'>): Trust =>
  toTrust(ca === undefined ? undefined : tlsMaterial?.ca, insecure);
