/** Lines of large files, in pieces of a megabyte: `readline` takes longer to find a line than JSON.parse to read it. */
import { isAscii } from 'node:buffer';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { standardInput } from './standard-input.ts';

const pieceBytes = 1 << 20;
/** In UTF-16 units. A webhook's largest batch is 10 MiB, wrapped once more by a cloud. */
const longest = 64 << 20;

/** Null stands for a line that is longer than anybody writes: it is passed over without being held. `-` is standard input. */
export async function eachLine(file: string | Readable, take: (line: string | null) => void): Promise<void> {
  for await (const lines of linesInPieces(file, longest)) for (const line of lines) take(line);
}

/** The same for whoever waits in between: the lines of a piece at a time. */
export async function* linesInPieces(file: string | Readable, longest: number): AsyncGenerator<(string | null)[]> {
  const input =
    typeof file !== 'string'
      ? file
      : file === '-'
        ? standardInput()
        : createReadStream(file, { highWaterMark: pieceBytes });
  const decode = decoding();
  let rest = '';
  let tooLong = false;
  for await (const piece of input) {
    const text = decode(piece as Buffer);
    const lines: (string | null)[] = [];
    let begin = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', begin)) {
      const line = rest === '' ? text.slice(begin, end) : rest + text.slice(begin, end);
      lines.push(tooLong ? null : line);
      rest = '';
      tooLong = false;
      begin = end + 1;
    }
    if (!tooLong) rest += text.slice(begin);
    if (rest.length > longest) {
      tooLong = true;
      rest = '';
    }
    yield lines;
  }
  rest += decode(null);
  if (tooLong) yield [null];
  else if (rest !== '') yield [rest];
}

/** Null at the end. ASCII is most of what comes, and is copied as it is. */
function decoding(): (piece: Buffer | null) => string {
  const decoder = new StringDecoder('utf8');
  // Whether part of a character may be waiting for the rest of it.
  let waiting = false;
  return (piece) => {
    if (piece === null) return decoder.end();
    const plain = isAscii(piece);
    const text = plain && !waiting ? piece.toString('latin1') : decoder.write(piece);
    waiting = !plain;
    return text;
  };
}
