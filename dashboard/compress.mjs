// Write a Brotli and a gzip copy of each text file of the build, which armful serves to browsers that accept them.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const folder = new URL("../python/armful/static/dashboard/assets/", import.meta.url);
for (const name of readdirSync(folder).filter((name) => /\.(js|css|svg)$/.test(name))) {
  const text = readFileSync(new URL(name, folder));
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  writeFileSync(new URL(`${name}.br`, folder), brotliCompressSync(text, quality));
  writeFileSync(new URL(`${name}.gz`, folder), gzipSync(text, { level: 9 }));
}
