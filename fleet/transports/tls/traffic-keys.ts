/** What goes on from a handshake that is over, when its object is gone. */
export type TrafficKeys =
  | {
      readonly version: '1.3';
      readonly cipher: AeadName;
      readonly hash: 'sha256' | 'sha384';
      /** Traffic secrets, 32 or 48 bytes by the hash. */
      readonly clientSecret: Uint8Array;
      readonly serverSecret: Uint8Array;
    }
  | {
      readonly version: '1.2';
      readonly cipher: AeadName;
      readonly clientKey: Uint8Array;
      readonly serverKey: Uint8Array;
      /** The fixed part of the nonce: 4 bytes of AES-GCM, 12 of ChaCha20. */
      readonly clientIv: Uint8Array;
      readonly serverIv: Uint8Array;
    };

export type AeadName = 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
