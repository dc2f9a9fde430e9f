# Answers pairs of Hex versions with Elixir's own module Version.
parse = fn text ->
  case Version.parse(text) do
    {:ok, version} -> version
    :error -> nil
  end
end

bit = fn version -> if version, do: 0, else: 1 end

for line <- IO.stream(:stdio, :line) do
  [a, b] = line |> String.trim_trailing("\n") |> String.split("\t") |> Enum.map(parse)

  cond do
    a == nil or b == nil -> IO.puts("?#{bit.(a)}#{bit.(b)}")
    true -> IO.puts(%{lt: "<", eq: "=", gt: ">"}[Version.compare(a, b)])
  end
end
