import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import org.apache.maven.artifact.versioning.ComparableVersion;

/** Answers pairs of Maven versions with ComparableVersion of maven-artifact 3.9. */
public class Maven {
    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        PrintWriter out = new PrintWriter(System.out);
        for (String line; (line = in.readLine()) != null;) {
            String[] pair = line.split("\t", -1);
            boolean badA = bad(pair[0]);
            boolean badB = bad(pair[1]);
            if (badA || badB) {
                out.println("?" + (badA ? 1 : 0) + (badB ? 1 : 0));
            } else {
                int c = new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]));
                out.println(c < 0 ? "<" : c > 0 ? ">" : "=");
            }
        }
        out.flush();
    }

    /** As DefaultModelValidator has it. */
    private static boolean bad(String version) {
        return version.chars().anyMatch(c -> c <= ' ' || "\\/:\"<>|?*[](){},".indexOf(c) >= 0);
    }
}
