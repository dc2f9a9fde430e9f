(* Answers pairs of opam versions with opam's own module OpamVersionCompare. OpamPackage refuses the other characters. *)
let valid s =
  s <> ""
  && String.for_all
       (function
         | 'a' .. 'z' | 'A' .. 'Z' | '0' .. '9' | '-' | '_' | '+' | '.' | '~' -> true
         | _ -> false)
       s

let () =
  try
    while true do
      match String.split_on_char '\t' (read_line ()) with
      | [ a; b ] when valid a && valid b ->
        let c = OpamVersionCompare.compare a b in
        print_endline (if c < 0 then "<" else if c > 0 then ">" else "=")
      | [ a; b ] -> Printf.printf "?%d%d\n" (Bool.to_int (not (valid a))) (Bool.to_int (not (valid b)))
      | _ -> failwith "not a pair"
    done
  with End_of_file -> ()
