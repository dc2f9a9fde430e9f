-- Answers pairs of Haskell versions with the library Cabal.
import Distribution.Parsec (simpleParsec)
import Distribution.Version (Version)

main :: IO ()
main = interact (unlines . map answer . lines)

answer :: String -> String
answer line = case (parse a, parse (drop 1 b)) of
  (Just v, Just w) -> case compare v w of
    LT -> "<"
    EQ -> "="
    GT -> ">"
  (v, w) -> '?' : bit v ++ bit w
  where
    (a, b) = break (== '\t') line

parse :: String -> Maybe Version
parse = simpleParsec

bit :: Maybe a -> String
bit = maybe "1" (const "0")
