# Answers pairs of R versions with R's own compareVersion (package utils), for versions that numeric_version accepts.
# package_version pads versions with zeros in some releases of R, and so takes "1.0" for "1.0.0"; compareVersion does not.
pairs <- strsplit(readLines(file("stdin")), "\t", fixed = TRUE)
a <- vapply(pairs, `[`, "", 1)
b <- vapply(pairs, `[`, "", 2)
bad <- function(v) !grepl(sprintf("^%s$", .standard_regexps()$valid_numeric_version), v)
answer <- function(v, w) {
  tryCatch(c("<", "=", ">")[suppressWarnings(compareVersion(v, w)) + 2], error = function(e) "number")
}
writeLines(ifelse(bad(a) | bad(b), sprintf("?%d%d", bad(a), bad(b)), mapply(answer, a, b)))
