using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using Larder.Functions.Http;
using Larder.Inference.Batching;
using Larder.Inference.Limits;
using Larder.Inference.Memory;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;
using Larder.Registry.Catalog;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Larder.Functions.Prediction;

/// <summary>
/// Runs predictions of every protocol: resolves the model, leases its session, runs it, and measures. A protocol is an <see cref="IPredictionExchange"/>, which fills the inputs
/// and sends the outputs.
/// </summary>
public sealed class PredictionEngine(ModelCatalog catalog, SessionCache sessions, PredictionMetrics metrics)
{
    // The exchange has sent the answer.
    private static readonly Task<IActionResult> Sent = Task.FromResult<IActionResult>(new EmptyResult());

    /// <summary>Answers one request.</summary>
    /// <param name="reference">The model, with or without a version or an alias.</param>
    /// <param name="exchange">The request.</param>
    /// <param name="cancellationToken">Ends the wait for a load or a run.</param>
    /// <returns>The result of a function that has sent its answer.</returns>
    internal Task<IActionResult> RunAsync(string reference, IPredictionExchange exchange, CancellationToken cancellationToken)
    {
        var answering = AnswerAsync(reference, exchange, cancellationToken);
        return answering.IsCompletedSuccessfully ? Sent : WaitAsync(answering);
    }

    private static async Task<IActionResult> WaitAsync(ValueTask answering)
    {
        await answering;
        return await Sent;
    }

    private async ValueTask AnswerAsync(string reference, IPredictionExchange exchange, CancellationToken cancellationToken)
    {
        var began = metrics.Begin();
        ResolvedModel? model = null;
        try
        {
            model = await catalog.ResolveAsync(reference, cancellationToken);
            exchange.Accept(model);
            using var lease = await sessions.LeaseAsync(model.Servable, cancellationToken);
            lease.Model.Admit(DeadlineOf(began, exchange, lease.Model));
            var leased = Stopwatch.GetTimestamp();
            long read;
            PredictionOutputs result;
            using (var inputs = lease.Model.RentInputs())
            {
                await exchange.ReadAsync(model, lease.Model, inputs, cancellationToken);
                read = Stopwatch.GetTimestamp();
                result = await CachedPrediction.RunAsync(lease.Model, inputs, DeadlineOf(began, exchange, lease.Model), exchange.Http, cancellationToken);
            }

            // The inputs are returned first, so that a slow reader of the answer does not hold their memory.
            using var outputs = result;
            var ran = Stopwatch.GetTimestamp();
            await exchange.SendAsync(model, outputs, cancellationToken);
            metrics.Succeed(model, new PredictionTimes(began, leased, read, ran, Stopwatch.GetTimestamp()), outputs);
        }
        catch (Exception exception)
        {
            metrics.Fail(began, model, exchange.Dialect.StatusOf(ErrorKinds.Of(exception)));
            throw;
        }
    }

    private static Deadline DeadlineOf(long began, IPredictionExchange exchange, LoadedModel model) => Deadline.Of(began, exchange.Timeout ?? model.Timeout);
}

/// <summary>One prediction in one protocol.</summary>
internal interface IPredictionExchange
{
    /// <summary>What errors of the protocol look like.</summary>
    Dialect Dialect { get; }

    /// <summary>The request and the answer.</summary>
    HttpContext Http { get; }

    /// <summary>Within which time the caller wants the answer; null where the model's settings decide. It may become known when the inputs are read.</summary>
    TimeSpan? Timeout => RequestTimeout.Of(Http.Request);

    /// <summary>Checks what can be checked before the model is loaded.</summary>
    void Accept(ResolvedModel model)
    {
    }

    /// <summary>Fills the inputs from the request.</summary>
    ValueTask ReadAsync(ResolvedModel model, LoadedModel loaded, PredictionInputs inputs, CancellationToken cancellationToken);

    /// <summary>Sends the outputs.</summary>
    ValueTask SendAsync(ResolvedModel model, PredictionOutputs outputs, CancellationToken cancellationToken);
}

/// <summary>A prediction's body, or its beginning, whole in memory; its bytes count against the budget of bytes in flight until it is disposed of.</summary>
internal readonly struct WholeBody : IDisposable
{
    // Bytes of the budget that a body without Content-Length takes at first, and the factor by which it takes more. The steps are few, since a request that waits for more
    // holds what it has read.
    private const long FirstBytes = 64 << 10;
    private const long Growth = 8;

    private readonly PipeReader? _body;
    private readonly MemoryShare _budget;
    private readonly long _taken;

    private WholeBody(PipeReader? body, ReadOnlySequence<byte> bytes, MemoryShare budget, long taken) => (_body, Bytes, _budget, _taken) = (body, bytes, budget, taken);

    /// <summary>The bytes.</summary>
    public ReadOnlySequence<byte> Bytes { get; }

    /// <summary>Reads a body to its end.</summary>
    /// <param name="body">The body.</param>
    /// <param name="length">Its length as the caller says; null where the caller does not.</param>
    /// <param name="budget">The budget.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="TooLargeException">The body is over the limit.</exception>
    /// <exception cref="Larder.Inference.MemoryBusyException">Other requests hold the memory.</exception>
    public static async ValueTask<WholeBody> ReadAsync(PipeReader body, long? length, MemoryShare budget, long limit, CancellationToken cancellationToken)
    {
        if (length > limit)
            throw TooLarge(limit);
        var taken = length ?? Math.Min(FirstBytes, limit);
        await budget.TakeAsync(taken, cancellationToken);
        try
        {
            while (true)
            {
                var result = await body.ReadAsync(cancellationToken);
                if (result.IsCompleted && result.Buffer.Length <= limit)
                    return new WholeBody(body, result.Buffer, budget, taken);
                // Also before a failure: an open read would break the connection for the next request.
                body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                if (result.Buffer.Length > limit)
                    throw TooLarge(limit);
                while (result.Buffer.Length > taken)
                {
                    var larger = Math.Min(taken * Growth, limit);
                    await budget.TakeAsync(larger, cancellationToken);
                    budget.Release(taken);
                    taken = larger;
                }
            }
        }
        catch
        {
            budget.Release(taken);
            throw;
        }
    }

    /// <summary>Reads the beginning of a body, and leaves the rest.</summary>
    /// <param name="body">The body.</param>
    /// <param name="length">How many bytes; the body has as many.</param>
    /// <param name="budget">The budget.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="InvalidRequestException">The body ends before.</exception>
    /// <exception cref="Larder.Inference.MemoryBusyException">Other requests hold the memory.</exception>
    public static async ValueTask<WholeBody> ReadHeadAsync(PipeReader body, int length, MemoryShare budget, CancellationToken cancellationToken)
    {
        await budget.TakeAsync(length, cancellationToken);
        try
        {
            // Without bytes nothing is read, as a read waits for one at least.
            if (length == 0)
                return new WholeBody(null, ReadOnlySequence<byte>.Empty, budget, length);
            var bytes = (await body.ReadAtLeastAsync(length, cancellationToken)).Buffer;
            if (bytes.Length >= length)
                return new WholeBody(body, bytes.Slice(0, length), budget, length);
            body.AdvanceTo(bytes.End);
            throw new InvalidRequestException($"The body ends after {bytes.Length} of {length} bytes.");
        }
        catch
        {
            budget.Release(length);
            throw;
        }
    }

    /// <summary>Gives the bytes back.</summary>
    public void Dispose()
    {
        _body?.AdvanceTo(Bytes.End);
        _budget.Release(_taken);
    }

    /// <summary>The refusal of a body over the limit.</summary>
    public static TooLargeException TooLarge(long limit) => new($"A prediction's body is limited to {limit} bytes.");
}

/// <summary>A second body for JSON that has NaN and infinities as bare words, which are no JSON: with quotes they are. It counts against the budget until it is disposed of.</summary>
internal readonly struct QuotedBody : IDisposable
{
    private readonly ReadOnlySequence<byte> _json;
    private readonly MemoryShare _budget;

    /// <summary>Takes the bytes of the budget, without waiting.</summary>
    public QuotedBody(in ReadOnlySequence<byte> json, MemoryShare budget)
    {
        (_json, _budget) = (json, budget);
        _budget.Add(Bytes);
    }

    // The copy that is searched, and the one with quotes.
    private long Bytes => 2 * _json.Length;

    /// <summary>The JSON with quotes around such words; null when it has none.</summary>
    public ReadOnlySequence<byte>? Read() => NumberNames.Quoted(_json) is { } quoted ? new ReadOnlySequence<byte>(quoted) : null;

    /// <summary>Gives the bytes back.</summary>
    public void Dispose() => _budget.Release(Bytes);
}

/// <summary>Limits of a prediction request that HTTP enforces.</summary>
public sealed record PredictionLimits
{
    /// <summary>Largest body of a prediction, in bytes (setting <c>Limits:PredictionBytes</c>).</summary>
    [AtLeast(1)]
    public long PredictionBytes { get; init; } = 64 * 1024 * 1024;
}
