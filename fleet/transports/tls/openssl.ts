/** Why OpenSSL can't be reached here, in words; undefined when it can. */
export const whyNoOpenSsl = (): string | undefined => undefined;
