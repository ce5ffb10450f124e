using System.Collections.Concurrent;
using Larder.Inference;
using Larder.Inference.Sessions;
using Larder.Registry.Catalog;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Larder.Functions.Hosting;

/// <summary>
/// Loads, and runs once, the models of the setting <c>Preload</c> (references, separated by commas) at start, and goes on trying those
/// that fail: a model may be uploaded, or storage come back, later.
/// </summary>
public sealed class Preloader(IConfiguration configuration, ModelCatalog catalog, SessionCache sessions, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly string[] _references =
        (configuration["Preload"] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private readonly ConcurrentDictionary<string, string> _states = new();

    /// <summary>The references that are not loaded yet.</summary>
    public IEnumerable<string> NotLoaded => _references.Where(reference => StateOf(reference) != "loaded");

    /// <summary>Where a reference stands: waiting, loaded, or why it could not be loaded.</summary>
    public string StateOf(string reference) => _states.GetValueOrDefault(reference, "waiting");

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (NotLoaded.ToList() is { Count: > 0 } waiting)
        {
            foreach (var reference in waiting)
                _states[reference] = await LoadAsync(reference, stoppingToken);
            await Task.Delay(RetryDelay, time, stoppingToken);
        }
    }

    private async Task<string> LoadAsync(string reference, CancellationToken cancellationToken)
    {
        try
        {
            var model = await catalog.ResolveAsync(reference, cancellationToken);
            await sessions.WarmAsync(model.Servable, TimeSpan.Zero, cancellationToken);
            // The owner wants it loaded, so that others are evicted for it even while they are used.
            using var lease = await sessions.LeaseAsync(model.Servable, cancellationToken);
            return "loaded";
        }
        catch (LarderException exception)
        {
            return exception.Message;
        }
    }
}
