/* Answers pairs of Debian versions with dpkg's own library. cc deb.c -ldpkg -lmd */
#define LIBDPKG_VOLATILE_API
#include <stdio.h>
#include <string.h>
#include <dpkg/dpkg.h>
#include <dpkg/dpkg-db.h>
#include <dpkg/version.h>

/* What dpkg only warns of, it still compares. */
static int parse(struct dpkg_version *v, const char *s)
{
	struct dpkg_error err = DPKG_ERROR_INIT;
	int bad = parseversion(v, s, &err) != 0 && err.type != DPKG_MSG_WARN;
	dpkg_error_destroy(&err);
	return bad;
}

int main(void)
{
	static char line[1 << 20];

	push_error_context();
	while (fgets(line, sizeof line, stdin)) {
		struct dpkg_version a, b;
		char *tab = strchr(line, '\t');
		int bad_a, bad_b, c;

		line[strcspn(line, "\n")] = 0;
		*tab = 0;
		bad_a = parse(&a, line);
		bad_b = parse(&b, tab + 1);
		if (bad_a || bad_b) {
			printf("?%d%d\n", bad_a, bad_b);
		} else {
			c = dpkg_version_compare(&a, &b);
			puts(c < 0 ? "<" : c > 0 ? ">" : "=");
		}
		nffreeall();
	}
	return 0;
}
