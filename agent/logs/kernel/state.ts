import { stateAt } from '../layout.ts';

export function slot(number: i32): i32 {
  return load<i32>(stateAt + <usize>number * 4);
}

export function place(number: i32): usize {
  return load<usize>(stateAt + <usize>number * 4);
}

export function setPlace(number: i32, value: usize): void {
  store<usize>(stateAt + <usize>number * 4, value);
}

export function setSlot(number: i32, value: i32): void {
  store<i32>(stateAt + <usize>number * 4, value);
}

/** One of the slots of 64 bits: a whole number in a float, as JavaScript has them. */
export function wideSlot(number: i32): i64 {
  return <i64>load<f64>(stateAt + <usize>number * 8);
}

export function setWideSlot(number: i32, value: i64): void {
  store<f64>(stateAt + <usize>number * 8, <f64>value);
}
