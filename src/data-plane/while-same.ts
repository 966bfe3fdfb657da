/** Answers again what it has made, for as long as it is asked of the very same. */
export function whileSame<Given extends readonly unknown[], Made>(
  make: (...given: Given) => Made,
): (...given: Given) => Made {
  let last: { readonly given: Given; readonly made: Made } | undefined;
  return (...given) => {
    if (last === undefined || given.some((one, place) => one !== last?.given[place]))
      last = { given, made: make(...given) };
    return last.made;
  };
}
