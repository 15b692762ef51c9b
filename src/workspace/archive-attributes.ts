/**
 * Attributes that keep an archive's bytes unchanged. They override the archive's own .gitattributes
 * files, which could convert line endings, encodings and keywords, run filters, or leave files out
 * on export.
 */
export const AS_BYTES =
  '* -text -ident -filter -working-tree-encoding -export-ignore -export-subst\n'
