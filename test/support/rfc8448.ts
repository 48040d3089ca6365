/** What goes one way in a trace: traffic secret, what is derived of it, and the records on an open connection, in order. */
export interface TracedLane {
  readonly secret: Buffer;
  readonly key: string;
  readonly iv: string;
  readonly records: readonly string[];
}

/** What both ends send is {@link TRACED_DATA}, then close_notify. */
export interface Trace {
  readonly section: number;
  readonly client: TracedLane;
  readonly server: TracedLane;
  /** The server sends a ticket before. */
  readonly hasTicket: boolean;
}

export const TRACED_DATA = Buffer.from(Array.from({ length: 50 }, (_, i) => i));

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** RFC 8448, sections 3 and 4: TLS_AES_128_GCM_SHA256. */
export const TRACES: readonly Trace[] = [
  {
    section: 3,
    hasTicket: true,
    client: {
      secret: hex('9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5'),
      key: '17422dda596ed5d9acd890e3c63f5051',
      iv: '5b78923dee08579033e523d9',
      records: [
        '1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a297' +
          '7014bd1e3deae63aeebb21694915e4',
        '1703030013c9872760655666b74d7ff1153efd6db6d0b0e3',
      ],
    },
    server: {
      secret: hex('a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643'),
      key: '9f02283b6c9c07efc26bb9f2ac92e356',
      iv: 'cf782b88dd83549aadf1e984',
      records: [
        '17030300de3a6b8f90414a97d6959c3487680de5134a2b240e6cffac116e95d41d6af8f6b580dcf3d11d63c758db289a015940252f55713e06' +
          '1dc13e078891a38efbcf5753ad8ef170ad3c7353d16d9da773b9ca7f2b9fa1b6c0d4a3d03f75e09c30ba1e62972ac46f75f7b981be63439b' +
          '2999ce13064615139891d5e4c5b406f16e3fc181a77ca475840025db2f0a77f81b5ab05b94c01346755f69232c86519d86cbeeac87aac347' +
          'd143f9605d64f650db4d023e70e952ca49fe5137121c74bc2697687e248746d6df353005f3bce18696129c8153556b3b6c6779b37bf15985' +
          '684f',
        '17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fcc49c4bf2e5f0a21c' +
          '0047c2abf332540dd032e167c2955d',
        '1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9',
      ],
    },
  },
  {
    section: 4,
    hasTicket: false,
    client: {
      secret: hex('2abbf2b8e381d23dbebe1dd2a7d16a8bf484cb4950d23fb7fb7fa8547062d9a1'),
      key: '3cf122f301c6358ca7989553250efd72',
      iv: 'ab1aec26aa78b8fc1176b9ac',
      records: [
        '1703030043b1cebce242aa201be9ae5e1cb2a9aa4b33d4e866af1edb068919237741aa031d7a74d491c99b9d4e232b74206bc6fbaa04fe78be' +
          '44a9b4f54320a17eb76992afac3103',
        '17030300130facce3246bdfc6369838d6a82ae6de5d422dc',
      ],
    },
    server: {
      secret: hex('cc21f1bf8feb7dd5fa505bd9c4b468a9984d554a993dc49e6d285598fb672691'),
      key: 'e857c690a34c5a9129d833619684f95e',
      iv: '0685d6b561aab9ef1013faf9',
      records: [
        '1703030043275e9f20acff57bc000657d3867df039cccf79047884cf75771746f740b5a83f462a0954c3581393a203a25a7dd14141ef1a3790' +
          '0cdb62ff62dee1ba39ab2590cbf194',
        '17030300135b18af444e8e1eec7158fb62d8f2577d37ba5d',
      ],
    },
  },
];
