#!/usr/bin/env escript
%% -*- erlang -*-
%%! +fnu
%% Erlang's own word on the external term format.
%%
%%   terms.escript make COUNT SEED   records of random terms by term_to_binary, each followed by a
%%                                   record of what a reader must see, in the form of driver.c
%%   terms.escript read < records    what binary_to_term makes of each record, a line each
%%
%% Integers come without their double: the caller knows how to round better than we do. Maps come
%% in any order; the caller sorts.

-mode(compile).

main(["make", Count, Seed]) ->
    ok = io:setopts(standard_io, [{encoding, latin1}]),
    rand:seed(exsss, {list_to_integer(Seed), 2, 3}),
    lists:foreach(fun make/1, lists:seq(1, list_to_integer(Count)));
main(["read"]) ->
    ok = io:setopts(standard_io, [binary, {encoding, latin1}]),
    read_all().

%% One in six has one thing in it that has no place in a payload.
make(N) ->
    Depth = N rem 6,
    {Term, Expected} =
        case rand:uniform(6) of
            1 ->
                {Bad, Status} = bad(),
                {wrap(Bad, Depth), ["reject ", Status]};
            _ ->
                Good = term(Depth),
                {Good, ["ok ", show(Good)]}
        end,
    Options = lists:nth(1 + N rem 8,
                        [[], [compressed], [{compressed, 9}, {minor_version, 1}],
                         [{minor_version, 0}], [{minor_version, 1}], [{minor_version, 2}],
                         [compressed, {minor_version, 0}], [compressed, {minor_version, 2}]]),
    record(term_to_binary(Term, Options)),
    record(iolist_to_binary(Expected)).

record(Bytes) ->
    ok = file:write(standard_io, [<<(byte_size(Bytes)):32>>, Bytes]).

%% --- Random terms ---

one_of(List) -> lists:nth(rand:uniform(length(List)), List).

term(0) -> leaf();
term(Depth) ->
    case rand:uniform(7) of
        1 -> list_to_tuple(terms(Depth));
        2 -> maps:from_list([{key(), term(Depth - 1)} || _ <- terms(1)]);
        3 -> maps:from_list([{key(), leaf()} || _ <- lists:seq(1, rand:uniform(60))]);
        4 -> leaf();
        _ -> terms(Depth)
    end.

terms(Depth) -> [term(Depth - 1) || _ <- lists:seq(1, rand:uniform(6) - 1)].

leaf() ->
    case rand:uniform(11) of
        1 -> one_of([nil, null, true, false, undefined, '', 'a b', 'null?']);
        2 -> atom();
        3 -> text();
        4 -> text();
        5 -> float_number();
        6 -> [];
        7 -> [rand:uniform(256) - 1 || _ <- lists:seq(1, rand:uniform(40))];
        8 -> binary:copy(<<"abc">>, rand:uniform(400));
        9 -> {};
        10 -> #{};
        _ -> integer()
    end.

integer() ->
    Size = one_of([4, 8, 9, 16, 27, 28, 31, 32, 33, 53, 59, 60, 63, 64, 65, 66, 100, 1000, 2048]),
    Number = case rand:uniform(4) of
                 1 -> (1 bsl Size) - 1;
                 2 -> 1 bsl (Size - 1);
                 _ -> rand:uniform(1 bsl Size) - 1
             end,
    one_of([1, -1]) * Number.

float_number() ->
    <<Number:64>> = rand:bytes(8),
    case <<Number:64>> of
        <<Float/float>> -> one_of([Float, 0.1, -0.0, 1.0, 1.0e22, 5.0e-324, rand:uniform()]);
        _ -> rand:uniform() * 1000
    end.

text() ->
    unicode:characters_to_binary([character() || _ <- lists:seq(1, rand:uniform(12) - 1)]).

character() ->
    case rand:uniform(6) of
        1 -> rand:uniform(32) - 1;
        2 -> one_of([$", $\\, $/, 127]);
        3 -> 16#80 + rand:uniform(16#700);
        4 -> 16#E000 + rand:uniform(16#1FFF);
        5 -> 16#10000 + rand:uniform(16#FFFFF);
        _ -> 31 + rand:uniform(95)
    end.

%% Atoms are never freed, so that they come from a small set; some have letters over ASCII, some
%% over Latin-1.
atom() ->
    N = rand:uniform(200),
    Name = [one_of("abc_@ ") || _ <- lists:seq(1, N rem 5)] ++
           one_of([[], [], [16#E9], [16#FC, 16#FF], [16#3B1], [16#1F3FA]]),
    list_to_atom(Name).

key() ->
    case rand:uniform(4) of
        1 -> atom();
        2 -> integer();
        _ -> text()
    end.

%% What has no place, and how it is called.
bad() ->
    one_of([{self(), "SHERD_ETAG"},
            {make_ref(), "SHERD_ETAG"},
            {fun lists:map/2, "SHERD_ETAG"},
            {<<5:3>>, "SHERD_ETAG"},
            {[1 | 2], "SHERD_EETF"},
            {[a, b | <<"c">>], "SHERD_EETF"},
            {#{[] => 1}, "SHERD_EETF"},
            {#{{} => 1}, "SHERD_EETF"},
            {#{1.5 => 1}, "SHERD_EETF"},
            {#{#{} => 1}, "SHERD_EETF"},
            {<<255>>, "SHERD_EUTF8"},
            {<<"abc", 16#C0, 16#80>>, "SHERD_EUTF8"},
            {<<16#ED, 16#A0, 16#80>>, "SHERD_EUTF8"},
            {#{<<16#E9>> => 1}, "SHERD_EUTF8"},
            {1 bsl 2048, "SHERD_ERANGE"},
            {-(1 bsl 3000), "SHERD_ERANGE"},
            {nested(128), "SHERD_EDEPTH"},
            {nested(300), "SHERD_EDEPTH"}]).

nested(0) -> [];
nested(Depth) -> [nested(Depth - 1)].

wrap(Term, 0) -> Term;
wrap(Term, Depth) ->
    Inner = wrap(Term, Depth - 1),
    one_of([[1, Inner, two], {Inner}, #{<<"k">> => Inner}, [Inner]]).

%% --- What a reader sees ---

show(nil) -> "n";
show(null) -> "n";
show(true) -> "t";
show(false) -> "f";
show(Atom) when is_atom(Atom) -> show_text(atom_to_binary(Atom));
show(Integer) when is_integer(Integer) -> ["i", integer_to_list(Integer)];
show(Float) when is_float(Float) -> ["d", hex(<<Float/float>>)];
show(Binary) when is_binary(Binary) -> show_text(Binary);
show(List) when is_list(List) -> ["[", lists:join(",", [show(Item) || Item <- List]), "]"];
show(Tuple) when is_tuple(Tuple) -> show(tuple_to_list(Tuple));
show(Map) when is_map(Map) ->
    Pairs = [[show_key(Key), ":", show(Value)] || {Key, Value} <- maps:to_list(Map)],
    ["{", lists:join(",", Pairs), "}"].

show_key(Atom) when is_atom(Atom) -> show_text(atom_to_binary(Atom));
show_key(Integer) when is_integer(Integer) -> show_text(integer_to_binary(Integer));
show_key(Binary) -> show_text(Binary).

show_text(Binary) -> ["s", hex(Binary)].

hex(Binary) -> string:lowercase(binary:encode_hex(Binary)).

%% --- Reading ---

read_all() ->
    case file:read(standard_io, 4) of
        {ok, <<Length:32>>} ->
            {ok, Bytes} = file:read(standard_io, Length),
            io:put_chars([show(binary_to_term(Bytes)), "\n"]),
            read_all();
        eof -> ok
    end.
