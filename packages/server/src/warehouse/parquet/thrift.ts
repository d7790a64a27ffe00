import { ByteWriter } from 'hyparquet-writer';

/**
 * A member of a Thrift struct: its id, type and value. The type is explicit, because an empty list also needs the type
 * of its elements: otherwise readers in Rust refuse the file. `undefined` leaves the member out.
 */
export type Field =
  | readonly [id: number, type: 'i32', value: number | undefined]
  | readonly [id: number, type: 'i64', value: number | undefined]
  | readonly [id: number, type: 'bool', value: boolean]
  | readonly [id: number, type: 'text', value: string]
  | readonly [id: number, type: 'bytes', value: Uint8Array | undefined]
  | readonly [id: number, type: 'struct', value: Struct | undefined]
  | readonly [id: number, type: 'i32s', value: readonly number[]]
  | readonly [id: number, type: 'texts', value: readonly string[]]
  | readonly [id: number, type: 'structs', value: readonly Struct[]];

/** The members of a struct, in ascending order of ids. */
export type Struct = readonly Field[];

/** Type codes of the compact protocol. */
const CODE = { true: 1, false: 2, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;
const STOP = 0;
const LONGEST_SHORT_LIST = 14;

/**
 * Encodes a struct in Thrift's compact protocol, which Parquet uses for page headers and the footer
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
 */
export function encodeStruct(struct: Struct): Uint8Array {
  const writer = new ByteWriter();
  writeStruct(writer, struct);
  return writer.getBytes();
}

function writeStruct(writer: ByteWriter, struct: Struct): void {
  let lastId = 0;
  for (const [id, type, value] of struct) {
    if (value === undefined) continue;
    writer.appendUint8(((id - lastId) << 4) | codeOf(type, value));
    lastId = id;
    writeValue(writer, [id, type, value] as Field);
  }
  writer.appendUint8(STOP);
}

function codeOf(type: Field[1], value: Field[2]): number {
  switch (type) {
    case 'bool':
      return value ? CODE.true : CODE.false;
    case 'text':
    case 'bytes':
      return CODE.binary;
    case 'i32s':
    case 'texts':
    case 'structs':
      return CODE.list;
    default:
      return CODE[type];
  }
}

function writeValue(writer: ByteWriter, [, type, value]: Field): void {
  switch (type) {
    case 'i32':
      writer.appendZigZag(value ?? 0);
      break;
    case 'i64':
      writer.appendZigZag(BigInt(value ?? 0));
      break;
    case 'text':
      writeBytes(writer, Buffer.from(value));
      break;
    case 'bytes':
      writeBytes(writer, value ?? new Uint8Array());
      break;
    case 'struct':
      writeStruct(writer, value ?? []);
      break;
    case 'i32s':
      writeListHead(writer, value.length, CODE.i32);
      for (const item of value) writer.appendZigZag(item);
      break;
    case 'texts':
      writeListHead(writer, value.length, CODE.binary);
      for (const item of value) writeBytes(writer, Buffer.from(item));
      break;
    case 'structs':
      writeListHead(writer, value.length, CODE.struct);
      for (const item of value) writeStruct(writer, item);
      break;
    // The type code of a boolean is its value.
    case 'bool':
      break;
  }
}

function writeListHead(writer: ByteWriter, length: number, code: number): void {
  if (length <= LONGEST_SHORT_LIST) {
    writer.appendUint8((length << 4) | code);
  } else {
    writer.appendUint8(0xf0 | code);
    writer.appendVarInt(length);
  }
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array): void {
  writer.appendVarInt(bytes.length);
  writer.appendBytes(bytes);
}
