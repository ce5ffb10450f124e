using System.Collections.Concurrent;
using System.Diagnostics;
using Larder.Inference;
using Larder.Inference.Limits;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Microsoft.Extensions.Logging;

namespace Larder.Registry.Catalog;

/// <summary>
/// What references stand for, from memory: a warm <see cref="ResolveAsync"/> makes no storage call, takes no lock and allocates nothing. Changes
/// that this process makes are seen at once; those of others within <see cref="CatalogOptions.SoftTtl"/> of the next request, and then as soon as what they put in the place of
/// the known version is loaded (<see cref="WarmModels"/>, which has a timeout): until then, and until <see cref="CatalogOptions.HardTtl"/>, the known version answers.
/// </summary>
/// <remarks>
/// During an outage it goes on answering what it knows. A reference is read by one caller at a time, however many ask.
/// </remarks>
public sealed partial class ModelCatalog : IDisposable
{
    private static readonly ActivitySource Spans = new("Larder.Registry");

    private readonly ModelRegistry _registry;
    private readonly CatalogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ModelCatalog> _logger;
    private readonly WarmModels? _warm;

    // Read without the lock, written under it: what a load has read must not go in after an Invalidate that it did not see.
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, Entry> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Missing> _missing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Load> _loads = new(StringComparer.Ordinal);

    /// <summary>A catalog of a registry; it follows what the registry changes until it is disposed of.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="options">How long answers are relied on.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Gets what does not concern the caller.</param>
    /// <param name="warm">Loads what is to answer in the place of a known version; null loads nothing.</param>
    public ModelCatalog(ModelRegistry registry, CatalogOptions options, TimeProvider time, ILogger<ModelCatalog> logger, WarmModels? warm = null)
    {
        new RegistrySettingsValidator().Check("Cache", options);
        (_registry, _options, _time, _logger, _warm) = (registry, options, time, logger, warm);
        registry.Changed += Invalidate;
    }

    /// <summary>What a reference stands for.</summary>
    /// <param name="reference">As in the URL: <c>name</c>, <c>name:3</c> or <c>name:champion</c>.</param>
    /// <param name="cancellationToken">Stops the waiting, not the reading.</param>
    /// <exception cref="InvalidRequestException">It is no reference.</exception>
    /// <exception cref="NotFoundException">It stands for nothing.</exception>
    /// <exception cref="ConflictException">It stands for a version that takes no predictions.</exception>
    /// <exception cref="StorageUnavailableException">It was not known, and the store does not answer.</exception>
    public ValueTask<ResolvedModel> ResolveAsync(string reference, CancellationToken cancellationToken = default)
    {
        if (_known.TryGetValue(reference, out var entry))
        {
            var age = _time.GetElapsedTime(entry.ReadAt);
            if (age >= _options.SoftTtl && age < _options.HardTtl && entry.ClaimRefresh())
                _ = RefreshAsync(reference);
            if (age < _options.HardTtl)
                return new ValueTask<ResolvedModel>(entry.Snapshot);
        }

        return new ValueTask<ResolvedModel>(LoadAsync(reference, cancellationToken));
    }

    /// <summary>Forgets everything about a model, so that the next request reads it. Not needed after what this process writes.</summary>
    public void Invalidate(ModelName name)
    {
        string text = name;
        lock (_gate)
        {
            Remove(_known);
            Remove(_missing);
            Remove(_loads);
        }

        // Under the model's name and under its versions and aliases.
        void Remove<T>(IDictionary<string, T> references)
        {
            foreach (var reference in references.Keys.Where(IsOfModel).ToList())
                references.Remove(reference);
        }

        bool IsOfModel(string reference) =>
            reference.StartsWith(text, StringComparison.Ordinal) && (reference.Length == text.Length || reference[text.Length] == ':');
    }

    /// <summary>The references that requests came for, the latest first.</summary>
    /// <param name="count">The most of them.</param>
    public IReadOnlyList<string> Latest(int count) => [.. _known.OrderByDescending(known => known.Value.ReadAt).Take(count).Select(known => known.Key)];

    /// <summary>Stops following the registry.</summary>
    public void Dispose() => _registry.Changed -= Invalidate;

    private async Task<ResolvedModel> LoadAsync(string reference, CancellationToken cancellationToken)
    {
        var parsed = ModelReference.Parse(reference);
        if (_missing.TryGetValue(reference, out var nothing) && _time.GetElapsedTime(nothing.ReadAt) < _options.NegativeTtl)
            throw new NotFoundException(nothing.Message);
        using var span = Spans.StartActivity("model resolve")?.SetTag("larder.model.reference", reference);
        var resolved = await Start(reference, parsed).WaitAsync(cancellationToken);
        // All that wait for a load are continued on one thread, one after the other: each would wait for what the one before does next, such as a run.
        await Task.Yield();
        return resolved;
    }

    private async Task RefreshAsync(string reference)
    {
        try
        {
            await Start(reference, ModelReference.Parse(reference));
        }
        catch (LarderException)
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
        lock (_gate)
        {
            if (!_loads.TryGetValue(reference, out var load))
            {
                _loads[reference] = load = new Load();
                load.Task = Task.Run(() => RunAsync(reference, parsed, load));
            }

            return load.Task;
        }
    }

    private async Task<ResolvedModel> RunAsync(string reference, ModelReference parsed, Load load)
    {
        var readAt = _time.GetTimestamp();
        try
        {
            var snapshot = (await _registry.ResolveAsync(parsed)).RequireServable();
            if (_warm is not null && _known.TryGetValue(reference, out var known) && known.Snapshot.Model.ETag != snapshot.Model.ETag)
                await _warm([snapshot.Servable], CancellationToken.None);
            Finish(reference, load, () => Set(_known, reference, new Entry(snapshot, readAt), entry => entry.ReadAt));
            return snapshot;
        }
        catch (NotFoundException e)
        {
            Finish(reference, load, () =>
            {
                _known.TryRemove(reference, out _);
                Set(_missing, reference, new Missing(e.Message, readAt), nothing => nothing.ReadAt);
            });
            throw;
        }
        catch (ConflictException)
        {
            // What the reference stood for before does not answer for a version that cannot.
            Finish(reference, load, () => _known.TryRemove(reference, out _));
            throw;
        }
        catch (StorageUnavailableException e) when (_known.TryGetValue(reference, out var before))
        {
            // What was read before is as good as it gets; asked again when that would no longer be fresh.
            LogOutage(e, reference);
            Finish(reference, load, () => _known[reference] = new Entry(before.Snapshot, _time.GetTimestamp()));
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
        lock (_gate)
        {
            // Otherwise it was invalidated, and what was read may be from before.
            if (_loads.TryGetValue(reference, out var current) && current == load)
            {
                _loads.Remove(reference);
                keep();
            }
        }
    }

    private void Set<T>(ConcurrentDictionary<string, T> references, string reference, T value, Func<T, long> readAt)
    {
        if (references.Count >= _options.MaxReferences)
        {
            foreach (var (other, old) in references)
            {
                if (_time.GetElapsedTime(readAt(old)) >= _options.SoftTtl)
                    references.TryRemove(other, out _);
            }

            // All in use at once: reading some again costs less than keeping order on every request.
            if (references.Count >= _options.MaxReferences)
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
        private int _claimed;

        public ResolvedModel Snapshot => snapshot;

        public long ReadAt => readAt;

        /// <summary>True for one caller.</summary>
        public bool ClaimRefresh() => Volatile.Read(ref _claimed) == 0 && Interlocked.Exchange(ref _claimed, 1) == 0;
    }

    private sealed record Missing(string Message, long ReadAt);

    private sealed class Load
    {
        public Task<ResolvedModel> Task { get; set; } = null!;
    }
}
