/* Answers pairs of pacman's versions with its own library. cc alpm.c libalpm.so.13 */
#include <stdio.h>
#include <string.h>

int alpm_pkg_vercmp(const char *a, const char *b);

int main(void)
{
	static char line[1 << 20];

	while (fgets(line, sizeof line, stdin)) {
		char *tab = strchr(line, '\t');
		int c;

		line[strcspn(line, "\n")] = 0;
		*tab = 0;
		c = alpm_pkg_vercmp(line, tab + 1);
		puts(c < 0 ? "<" : c > 0 ? ">" : "=");
	}
	return 0;
}
