using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Serialization;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Sessions;

/// <summary>Why runs of a model use so many threads.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ThreadReason>))]
public enum ThreadReason
{
    /// <summary>The model's settings say so.</summary>
    [JsonStringEnumMemberName("settings")] Settings,

    /// <summary>A run is so short, or the machine so small, that more threads than one cannot help.</summary>
    [JsonStringEnumMemberName("short_runs")] ShortRuns,

    /// <summary>Runs of both kinds were timed when the model was loaded.</summary>
    [JsonStringEnumMemberName("measured")] Measured,

    /// <summary>Runs could not be timed: the model's shapes are not known, its runs are long, or there was no memory for two sessions. The size of the file decides.</summary>
    [JsonStringEnumMemberName("size")] Size,
}

/// <summary>How many threads a run of a model uses.</summary>
/// <param name="Threads">The threads.</param>
/// <param name="Reason">Why.</param>
public sealed record ThreadChoice(int Threads, ThreadReason Reason)
{
    /// <summary>Runs of one row per second, of as many callers as there are cores, each with one thread; null if not measured.</summary>
    public double? OneThread { get; init; }

    /// <summary>Runs of one row per second, one after the other with all cores; null if not measured.</summary>
    public double? AllCores { get; init; }

    /// <summary>Whether the session has threads of its own, and not those that all models share.</summary>
    internal bool OwnThreads => Reason == ThreadReason.Settings && Threads > 1;
}

/// <summary>
/// Finds out with how many threads a model serves more: a run with one thread leaves the other cores to other requests, a run with all is over sooner. Both are timed under load when the model is
/// loaded for the first time.
/// </summary>
internal sealed class ThreadTrial(RunResources resources)
{
    // Waking other threads costs some 10 us for each operator.
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(1);

    // A trial has about three runs with one thread, and must not make a load much longer.
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(2);

    // A run may have waited for a processor, so one that is not short is repeated.
    private const int MostRepeated = 2;

    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);

    // At about the same rate, one request alone is answered sooner with all cores.
    private const double NearlyAsMany = 0.9;

    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<(string Sha256, string Optimization), ThreadChoice> _known = new();

    /// <summary>Opens a session with the threads that suit the model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="source">Opens sessions of it.</param>
    /// <param name="hasRoom">Whether there is memory for a second session during the trial.</param>
    /// <param name="cancellationToken">Ends a wait for memory.</param>
    public async Task<(OpenedSession Opened, ThreadChoice Threads)> OpenAsync(ServableModel model, SessionSource source, bool hasRoom, CancellationToken cancellationToken)
    {
        if (model.Settings.Session.IntraOpThreads is { } wanted)
            return await OpenWithAsync(new ThreadChoice(wanted, ThreadReason.Settings));
        if (Environment.ProcessorCount == 1)
            return await OpenWithAsync(new ThreadChoice(1, ThreadReason.ShortRuns));
        var key = (model.Sha256, model.Settings.Session.Optimization);
        if (_known.TryGetValue(key, out var known))
            return await OpenWithAsync(known);
        if (SampleShapes.Of(model.Description.Signature, rows: 1) is not { } shapes)
            return await OpenWithAsync(BySize(model));

        var one = await source.OpenAsync(new ThreadChoice(1, ThreadReason.Measured), cancellationToken);
        OpenedSession all = default;
        using var runs = new Runs(model, shapes, resources);
        try
        {
            await runs.TimeAsync(one.Session, cancellationToken);
            var duration = await runs.TimeAsync(one.Session, cancellationToken);
            for (var again = 0; again < MostRepeated && duration >= Short && duration < Window; again++)
                duration = TimeSpan.FromTicks(Math.Min(duration.Ticks, (await runs.TimeAsync(one.Session, cancellationToken)).Ticks));
            if (duration < Short)
                return (one, Remember(key, new ThreadChoice(1, ThreadReason.ShortRuns)));
            if (duration < Long && hasRoom)
            {
                all = await source.OpenAsync(new ThreadChoice(Environment.ProcessorCount, ThreadReason.Measured), cancellationToken);
                await runs.TimeAsync(all.Session, cancellationToken);
                var withOne = await runs.PerSecondAsync(one.Session, Environment.ProcessorCount, cancellationToken);
                var withAll = await runs.PerSecondAsync(all.Session, callers: 1, cancellationToken);
                var useAll = withAll >= NearlyAsMany * withOne;
                var choice = new ThreadChoice(useAll ? Environment.ProcessorCount : 1, ThreadReason.Measured) { OneThread = withOne, AllCores = withAll };
                (useAll ? one : all).Dispose();
                return (useAll ? all : one, Remember(key, choice));
            }
        }
        catch (Exception failure) when (failure is OnnxRuntimeException or LarderException)
        {
            // Zeros may be values that the model rejects, and requests may hold the memory.
            all.Dispose();
        }
        catch
        {
            one.Dispose();
            all.Dispose();
            throw;
        }

        if (BySize(model) is { Threads: 1 } choiceOfOne)
            return (one, choiceOfOne);
        one.Dispose();
        return await OpenWithAsync(BySize(model));

        async Task<(OpenedSession, ThreadChoice)> OpenWithAsync(ThreadChoice choice) => (await source.OpenAsync(choice, cancellationToken), choice);
    }

    private static ThreadChoice BySize(ServableModel model) =>
        new(model.Bytes < SessionBuilder.LargeModelBytes ? 1 : Environment.ProcessorCount, ThreadReason.Size);

    private ThreadChoice Remember((string, string) key, ThreadChoice choice)
    {
        if (_known.Count >= MostRemembered)
            _known.Clear();
        return _known[key] = choice;
    }

    /// <summary>Runs of a model on zeros. They are no requests', and not counted as such.</summary>
    private sealed class Runs(ServableModel model, long[][] shapes, RunResources resources) : IDisposable
    {
        private readonly InputPool _pool = new(model.Description.Signature, resources.Limits, model.TakesMissing, resources.Memory.Work, resources.PooledInputs);

        public async Task<TimeSpan> TimeAsync(InferenceSession session, CancellationToken cancellationToken)
        {
            using var inputs = await ZerosAsync(cancellationToken);
            using var guard = NewGuard();
            return Run(RunnerOf(session), inputs, guard);
        }

        public async Task<double> PerSecondAsync(InferenceSession session, int callers, CancellationToken cancellationToken)
        {
            // A run may write into the memory of its inputs.
            var inputs = new List<PredictionInputs>();
            try
            {
                for (var i = 0; i < callers; i++)
                    inputs.Add(await ZerosAsync(cancellationToken));
                return await PerSecondAsync(RunnerOf(session), inputs);
            }
            finally
            {
                inputs.ForEach(one => one.Dispose());
            }
        }

        public void Dispose() => _pool.Close();

        private async Task<double> PerSecondAsync(ModelRunner runner, List<PredictionInputs> callers)
        {
            var runs = 0;
            var began = Stopwatch.GetTimestamp();
            var threads = callers.Select(inputs => Task.Factory.StartNew(
                () =>
                {
                    using var guard = NewGuard();
                    do
                    {
                        Run(runner, inputs, guard);
                        Interlocked.Increment(ref runs);
                    }
                    while (Stopwatch.GetElapsedTime(began) < Window);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default));
            await Task.WhenAll(threads);
            return runs / Stopwatch.GetElapsedTime(began).TotalSeconds;
        }

        private async Task<PredictionInputs> ZerosAsync(CancellationToken cancellationToken)
        {
            var inputs = _pool.Rent();
            try
            {
                await inputs.FillZerosAsync(shapes, cancellationToken);
                return inputs;
            }
            catch
            {
                inputs.Dispose();
                throw;
            }
        }

        private ModelRunner RunnerOf(InferenceSession session) => new(model, session, resources, metrics: null);

        private RunGuard NewGuard() => new(resources.Time, resources.Limits.RunSeconds);

        private static TimeSpan Run(ModelRunner runner, PredictionInputs inputs, RunGuard guard)
        {
            var result = runner.Run(inputs, [], guard, CancellationToken.None);
            result.Release();
            return result.Time;
        }
    }
}
