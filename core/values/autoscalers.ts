/** Kubernetes' own, and the one that asks Prometheus itself. */
export const AUTOSCALERS = ['hpa', 'keda'] as const;
export type Autoscaler = (typeof AUTOSCALERS)[number];
