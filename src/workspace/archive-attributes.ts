/**
 * An archive's bytes stay as they are: no line end, encoding, keyword or filter that a
 * .gitattributes file in it names changes them on their way in, and none leaves a file out on the
 * way back.
 */
export const AS_BYTES =
  '* -text -ident -filter -working-tree-encoding -export-ignore -export-subst\n'
