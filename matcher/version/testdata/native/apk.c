/* Answers pairs of Alpine versions with apk-tools' own library, version 3. cc apk.c -lapk */
#include <stdio.h>
#include <string.h>
#include <apk/apk_blob.h>
#include <apk/apk_version.h>

int main(void)
{
	static char line[1 << 20];

	while (fgets(line, sizeof line, stdin)) {
		char *tab = strchr(line, '\t');
		apk_blob_t a, b;
		int bad_a, bad_b, c;

		line[strcspn(line, "\n")] = 0;
		*tab = 0;
		a = APK_BLOB_STR(line);
		b = APK_BLOB_STR(tab + 1);
		bad_a = !apk_version_validate(a);
		bad_b = !apk_version_validate(b);
		if (bad_a || bad_b) {
			printf("?%d%d\n", bad_a, bad_b);
		} else {
			c = apk_version_compare(a, b);
			puts(c == APK_VERSION_LESS ? "<" : c == APK_VERSION_GREATER ? ">" : "=");
		}
	}
	return 0;
}
