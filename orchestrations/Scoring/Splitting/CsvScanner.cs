using System.Buffers;

namespace Larder.Orchestrations;

/// <summary>
/// Rows of delimited text, where CsvHelper's parser sees them: a field that begins with a quote may have line ends inside; a quote elsewhere in a field that
/// does not begin with one is a character like others. The line feed of CR LF counts as a blank line, which is none.
/// </summary>
/// <param name="delimiter">Between the fields, ASCII.</param>
internal sealed class CsvScanner(byte delimiter) : IRowScanner
{
    private const byte Quote = (byte)'"';
    private const byte CarriageReturn = (byte)'\r';
    private const byte LineFeed = (byte)'\n';

    private static readonly SearchValues<byte> s_plainStops = SearchValues.Create([Quote, CarriageReturn, LineFeed]);

    private readonly SearchValues<byte> tailStops = SearchValues.Create([delimiter, CarriageReturn, LineFeed]);
    private State state = State.Between;
    private byte last;

    private enum State
    {
        /// <summary>Before a row.</summary>
        Between,

        /// <summary>In a row, not in quotes; a field begins where the last byte was a delimiter, or the row begins.</summary>
        Plain,

        /// <summary>In quotes.</summary>
        Quoted,

        /// <summary>Behind a quote in quotes: half of two, or the closing one.</summary>
        QuoteInQuotes,

        /// <summary>Behind the closing quote of a field that goes on nevertheless.</summary>
        Tail,
    }

    public bool IsInRow => state != State.Between;

    public (int Passed, RowEdge Edge) Next(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            switch (state)
            {
                case State.Between:
                    if (bytes[at] is CarriageReturn or LineFeed)
                    {
                        at++;
                        break;
                    }

                    (state, last) = (State.Plain, delimiter);
                    return (at, RowEdge.Start);

                case State.Plain:
                    var stop = bytes[at..].IndexOfAny(s_plainStops);
                    if (stop < 0)
                    {
                        last = bytes[^1];
                        return (bytes.Length, RowEdge.None);
                    }

                    var before = stop > 0 ? bytes[at + stop - 1] : last;
                    at += stop + 1;
                    last = bytes[at - 1];
                    if (last != Quote)
                        return End(at);
                    if (before == delimiter)
                        state = State.Quoted;
                    break;

                case State.Quoted:
                    var quote = bytes[at..].IndexOf(Quote);
                    if (quote < 0)
                        return (bytes.Length, RowEdge.None);
                    at += quote + 1;
                    state = State.QuoteInQuotes;
                    break;

                case State.QuoteInQuotes:
                    last = bytes[at++];
                    if (last is CarriageReturn or LineFeed)
                        return End(at);
                    state = last == Quote ? State.Quoted : last == delimiter ? State.Plain : State.Tail;
                    break;

                default:
                    var end = bytes[at..].IndexOfAny(tailStops);
                    if (end < 0)
                        return (bytes.Length, RowEdge.None);
                    at += end + 1;
                    last = bytes[at - 1];
                    if (last != delimiter)
                        return End(at);
                    state = State.Plain;
                    break;
            }
        }

        return (at, RowEdge.None);
    }

    private (int Passed, RowEdge Edge) End(int at)
    {
        state = State.Between;
        return (at, RowEdge.End);
    }
}
