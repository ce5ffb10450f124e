using System.Diagnostics.Metrics;
using System.Net;

namespace Larder.Registry.Storage.Cosmos;

/// <summary>What Cosmos DB costs, as instruments of the meter <see cref="MeterName"/>, by <c>operation</c> and <c>collection</c>.</summary>
public sealed class CosmosMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Larder.Registry.Cosmos";

    private readonly Meter _meter;
    private readonly Histogram<double> _charge;
    private readonly Counter<long> _failures;

    /// <param name="factory">Where the meter comes from; null makes one that is disposed with this.</param>
    public CosmosMetrics(IMeterFactory? factory = null)
    {
        _meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        _charge = _meter.CreateHistogram<double>("larder.cosmos.request_charge", "{request_unit}", "Request units of one call, as the account charged them, by operation and collection.");
        _failures = _meter.CreateCounter<long>("larder.cosmos.failures", description: "Calls that ended in an outage, by operation, collection and the account's status; 0 without an answer.");
    }

    internal void Charged(string operation, string collection, double units) => _charge.Record(units, Tag("operation", operation), Tag("collection", collection));

    internal void Failed(string operation, string collection, HttpStatusCode status) =>
        _failures.Add(1, Tag("operation", operation), Tag("collection", collection), Tag("status", (int)status));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
