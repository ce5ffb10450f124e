using System.Collections.Concurrent;
using System.Diagnostics;
using Larder.Inference;
using Microsoft.Extensions.Logging;

namespace Larder.Registry;

/// <summary>
/// What references stand for, from memory: a warm <see cref="ResolveAsync"/> makes no storage call, takes no lock and allocates nothing. Changes
/// that this process makes are seen at once; those of others within <see cref="CatalogOptions.Fresh"/> of the next request.
/// </summary>
/// <remarks>
/// During an outage it goes on answering what it knows. A reference is read by one caller at a time, however many ask.
/// </remarks>
public sealed partial class ModelCatalog : IDisposable
{
    private static readonly ActivitySource Spans = new("Larder.Registry");

    private readonly ModelRegistry registry;
    private readonly CatalogOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<ModelCatalog> log;

    // Read without the lock, written under it: what a load has read must not go in after an Invalidate that it did not see.
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, Entry> known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Missing> missing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Load> loads = new(StringComparer.Ordinal);

    /// <summary>A catalog of a registry; it follows what the registry changes until it is disposed of.</summary>
    public ModelCatalog(ModelRegistry registry, CatalogOptions options, TimeProvider time, ILogger<ModelCatalog> log)
    {
        new RegistrySettingsValidator().Check("Cache", options);
        (this.registry, this.options, this.time, this.log) = (registry, options, time, log);
        registry.Changed += Invalidate;
    }

    /// <summary>What a reference stands for.</summary>
    /// <param name="reference">As in the URL: <c>name</c>, <c>name:3</c> or <c>name:champion</c>.</param>
    /// <param name="cancellation">Stops the waiting, not the reading.</param>
    /// <exception cref="InvalidRequestException">It is no reference.</exception>
    /// <exception cref="NotFoundException">It stands for nothing.</exception>
    /// <exception cref="StorageUnavailableException">It was not known, and the store does not answer.</exception>
    public ValueTask<ResolvedModel> ResolveAsync(string reference, CancellationToken cancellation = default)
    {
        if (known.TryGetValue(reference, out var entry))
        {
            var age = time.GetElapsedTime(entry.ReadAt);
            if (age >= options.Fresh && age < options.Usable && entry.ClaimRefresh())
                _ = RefreshAsync(reference);
            if (age < options.Usable)
                return new ValueTask<ResolvedModel>(entry.Snapshot);
        }

        return new ValueTask<ResolvedModel>(LoadAsync(reference, cancellation));
    }

    /// <summary>Forgets everything about a model, so that the next request reads it. Not needed after what this process writes.</summary>
    public void Invalidate(string name)
    {
        lock (gate)
        {
            Remove(known);
            Remove(missing);
            Remove(loads);
        }

        // Under the model's name and under its versions and aliases.
        void Remove<T>(IDictionary<string, T> references)
        {
            foreach (var reference in references.Keys.Where(IsOfModel).ToList())
                references.Remove(reference);
        }

        bool IsOfModel(string reference) =>
            reference.StartsWith(name, StringComparison.Ordinal) && (reference.Length == name.Length || reference[name.Length] == ':');
    }

    /// <summary>Stops following the registry.</summary>
    public void Dispose() => registry.Changed -= Invalidate;

    private async Task<ResolvedModel> LoadAsync(string reference, CancellationToken cancellation)
    {
        var parsed = ModelReference.Parse(reference);
        if (missing.TryGetValue(reference, out var nothing) && time.GetElapsedTime(nothing.ReadAt) < options.Missing)
            throw new NotFoundException(nothing.Message);
        using var span = Spans.StartActivity("model resolve")?.SetTag("larder.model.reference", reference);
        return await Start(reference, parsed).WaitAsync(cancellation);
    }

    private async Task RefreshAsync(string reference)
    {
        try
        {
            await Start(reference, ModelReference.Parse(reference));
        }
        catch (RegistryException)
        {
            // It is gone, and forgotten by now: the next request will be told.
        }
        catch (Exception e)
        {
            LogRefreshFailed(e, reference);
        }
    }

    private Task<ResolvedModel> Start(string reference, ModelReference parsed)
    {
        lock (gate)
        {
            if (!loads.TryGetValue(reference, out var load))
            {
                loads[reference] = load = new Load();
                load.Task = Task.Run(() => RunAsync(reference, parsed, load));
            }

            return load.Task;
        }
    }

    private async Task<ResolvedModel> RunAsync(string reference, ModelReference parsed, Load load)
    {
        var readAt = time.GetTimestamp();
        try
        {
            var snapshot = await registry.ResolveAsync(parsed);
            Finish(reference, load, () => Set(known, reference, new Entry(snapshot, readAt), entry => entry.ReadAt));
            return snapshot;
        }
        catch (NotFoundException e)
        {
            Finish(reference, load, () =>
            {
                known.TryRemove(reference, out _);
                Set(missing, reference, new Missing(e.Message, readAt), nothing => nothing.ReadAt);
            });
            throw;
        }
        catch (StorageUnavailableException e) when (known.TryGetValue(reference, out var before))
        {
            // What was read before is as good as it gets; asked again when that would no longer be fresh.
            LogOutage(e, reference);
            Finish(reference, load, () => known[reference] = new Entry(before.Snapshot, time.GetTimestamp()));
            return before.Snapshot;
        }
        catch
        {
            Finish(reference, load, () => { });
            throw;
        }
    }

    private void Finish(string reference, Load load, Action keep)
    {
        lock (gate)
        {
            // Otherwise it was invalidated, and what was read may be from before.
            if (loads.TryGetValue(reference, out var current) && current == load)
            {
                loads.Remove(reference);
                keep();
            }
        }
    }

    private void Set<T>(ConcurrentDictionary<string, T> references, string reference, T value, Func<T, long> readAt)
    {
        if (references.Count >= options.MaxReferences)
        {
            foreach (var (other, old) in references)
            {
                if (time.GetElapsedTime(readAt(old)) >= options.Fresh)
                    references.TryRemove(other, out _);
            }

            // All in use at once: reading some again costs less than keeping order on every request.
            if (references.Count >= options.MaxReferences)
                references.Clear();
        }

        references[reference] = value;
    }

    [LoggerMessage(1, LogLevel.Warning, "The storage account does not answer; {Reference} is served as it was known.")]
    private partial void LogOutage(Exception exception, string reference);

    [LoggerMessage(2, LogLevel.Error, "Reading {Reference} again failed.")]
    private partial void LogRefreshFailed(Exception exception, string reference);

    private sealed class Entry(ResolvedModel snapshot, long readAt)
    {
        private int claimed;

        public ResolvedModel Snapshot => snapshot;

        public long ReadAt => readAt;

        /// <summary>True for one caller.</summary>
        public bool ClaimRefresh() => Volatile.Read(ref claimed) == 0 && Interlocked.Exchange(ref claimed, 1) == 0;
    }

    private sealed record Missing(string Message, long ReadAt);

    private sealed class Load
    {
        public Task<ResolvedModel> Task { get; set; } = null!;
    }
}
