const alphabet = memory.data<u8>([
  65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 97, 98, 99,
  100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 48,
  49, 50, 51, 52, 53, 54, 55, 56, 57, 45, 95,
]);

/** The last nine characters of an id: two bits of the file's hash, then 48 of the offset, in base64url. */
export function writeOffsetId(at: usize, keyBits: i32, offset: u64): void {
  // Filled up to nine characters with four zeros at the end.
  const bits = ((((<u64>keyBits) << 48) | (offset & 0xffff_ffff_ffff)) << 4) & 0x3f_ffff_ffff_ffff;
  for (let i: usize = 0; i < 9; i++) {
    store<u8>(at + i, load<u8>(alphabet + <usize>((bits >> (48 - <u64>i * 6)) & 63)));
  }
}

/** Writes a whole number in decimal; answers the end. */
export function writeNumber(at: usize, value: u64): usize {
  let out = at;
  let rest = <u32>value;
  if (value >= 1_000_000_000) {
    out = writeNumber(at, value / 1_000_000_000);
    rest = <u32>(value % 1_000_000_000);
    writeDigits(out, rest, 9);
    return out + 9;
  }
  let size: usize = 1;
  for (let left = rest; left >= 10; left /= 10) size++;
  writeDigits(out, rest, size);
  return out + size;
}

/** Writes the last `size` digits of a number. */
export function writeDigits(at: usize, value: u32, size: usize): void {
  let rest = value;
  for (let i = at + size; i > at; ) {
    const tens = rest / 10;
    store<u8>(--i, <u8>(48 + rest - tens * 10));
    rest = tens;
  }
}

/** `2024-05-20T08:11:22` of the second written last, which is mostly the next one's too. */
const secondText = memory.data(32);
let secondOf: i64 = i64.MIN_VALUE;

/** Writes microseconds since the epoch, of the years 0 to 9999, as `2024-05-20T08:11:22.123456Z`; answers the end. */
export function writeTime(at: usize, micros: i64): usize {
  let second = micros / 1_000_000;
  if (second * 1_000_000 > micros) second--;
  if (second !== secondOf) {
    secondOf = second;
    writeSecond(secondText, second);
  }
  memory.copy(at, secondText, 20);
  writeDigits(at + 20, <u32>(micros - second * 1_000_000), 6);
  store<u8>(at, 90, 26);
  return at + 27;
}

const secondsADay: i64 = 86_400;

function writeSecond(at: usize, second: i64): void {
  // Days are counted from 1 March of the year 0 on, so that a leap day is the last one of its year: 400 years have
  // 146,097 days, 100 of them 36,524, four 1,461.
  const days = second + 719_468 * secondsADay;
  let day = days / secondsADay;
  if (day * secondsADay > days) day--;
  const clock = <u32>(days - day * secondsADay);
  let era = day / 146_097;
  if (era * 146_097 > day) era--;
  const inEra = <u32>(day - era * 146_097);
  const years = (inEra - inEra / 1_460 + inEra / 36_524 - inEra / 146_096) / 365;
  const inYear = inEra - (365 * years + years / 4 - years / 100);
  const months = (5 * inYear + 2) / 153;
  const month = months < 10 ? months + 3 : months - 9;
  const year = <u32>(<i64>years + era * 400) + (month <= 2 ? 1 : 0);
  writeDigits(at, year, 4);
  writeDigits(at + 5, month, 2);
  writeDigits(at + 8, inYear - (153 * months + 2) / 5 + 1, 2);
  writeDigits(at + 11, clock / 3600, 2);
  writeDigits(at + 14, (clock / 60) % 60, 2);
  writeDigits(at + 17, clock % 60, 2);
  store<u8>(at, 45, 4);
  store<u8>(at, 45, 7);
  store<u8>(at, 84, 10);
  store<u8>(at, 58, 13);
  store<u8>(at, 58, 16);
  store<u8>(at, 46, 19);
}
