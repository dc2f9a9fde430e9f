<?php
// Answers pairs of Composer versions with composer/semver (php-composer-semver).
require_once 'Composer/Semver/autoload.php';

$parser = new Composer\Semver\VersionParser();
$parse = function ($text) use ($parser) {
    try {
        return $parser->normalize($text);
    } catch (UnexpectedValueException $e) {
        return null;
    }
};

while (($line = fgets(STDIN)) !== false) {
    [$a, $b] = array_map($parse, explode("\t", rtrim($line, "\n")));
    if ($a === null || $b === null) {
        echo '?', (int) ($a === null), (int) ($b === null), "\n";
    } elseif (Composer\Semver\Comparator::lessThan($a, $b)) {
        echo "<\n";
    } elseif (Composer\Semver\Comparator::greaterThan($a, $b)) {
        echo ">\n";
    } elseif (Composer\Semver\Comparator::equalTo($a, $b)) {
        echo "=\n";
    } else {
        echo "incomparable\n";
    }
}
