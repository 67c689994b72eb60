#!/usr/bin/env escript
%% Prints, for each record of a term on the standard input, its size and the size that Erlang gives
%% the same term. Tags of atoms are those of minor version 1, as the simulator's are.

main([]) ->
    ok = io:setopts(standard_io, [binary, {encoding, latin1}]),
    read_all().

read_all() ->
    case file:read(standard_io, 4) of
        {ok, <<Length:32>>} ->
            {ok, Bytes} = file:read(standard_io, Length),
            Again = term_to_binary(binary_to_term(Bytes), [{minor_version, 1}]),
            io:put_chars(io_lib:format("~b ~b~n", [Length, byte_size(Again)])),
            read_all();
        eof -> ok
    end.
