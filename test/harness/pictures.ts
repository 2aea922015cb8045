/** The smallest files that are what they say, and the virus scanners' agreed test file. */
export const JPEG = Buffer.concat([
  Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]),
  Buffer.from("JFIF\0"),
  Buffer.alloc(2_000, 1),
  Buffer.from([0xff, 0xd9]),
]);
export const PNG = Buffer.concat([
  Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "latin1"),
  Buffer.alloc(2_000, 1),
  Buffer.from("\0\0\0\0IEND\xae\x42\x60\x82", "latin1"),
]);
export const PDF = Buffer.concat([Buffer.from("%PDF-1.4\n"), Buffer.alloc(2_000, 32), Buffer.from("\n%%EOF\n")]);
export const EICAR = Buffer.from(["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].join(""), "latin1");
