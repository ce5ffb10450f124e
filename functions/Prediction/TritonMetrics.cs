using System.Diagnostics.Metrics;

namespace Larder.Functions.Prediction;

/// <summary>
/// The sums of <see cref="PredictionStatistics"/> under the names that Triton gives them in <c>/metrics</c>, for dashboards and autoscalers that know these. They are
/// counters; but since the exporter would end a counter's name with <c>_total</c>, which Triton's do not have, they are made as sums that might fall.
/// </summary>
internal static class TritonMetrics
{
    /// <summary>Name of the meter: not of <c>Larder.*</c>, whose instruments are sent to collectors too.</summary>
    public const string MeterName = "Triton";

    /// <summary>Creates the instruments.</summary>
    public static void Observe(IMeterFactory meters, PredictionStatistics statistics)
    {
        var meter = meters.Create(MeterName);
        Add("nv_inference_request_success", totals => totals.Success.Count, "Requests that were answered.");
        Add("nv_inference_request_failure", totals => totals.Failure.Count, "Requests that failed.");
        Add("nv_inference_count", totals => totals.Inferences, "Rows that were predicted.");
        Add("nv_inference_exec_count", totals => totals.Executions, "Runs of a model's session.");
        Add("nv_inference_request_duration_us", totals => Microseconds(totals.Success), "Time of requests that were answered, in microseconds.");
        Add("nv_inference_queue_duration_us", totals => Microseconds(totals.Queue), "Time that requests waited for a run, in microseconds.");
        Add("nv_inference_compute_input_duration_us", totals => Microseconds(totals.Input), "Time of reading inputs, in microseconds.");
        Add("nv_inference_compute_infer_duration_us", totals => Microseconds(totals.Infer), "Time of runs, in microseconds.");
        Add("nv_inference_compute_output_duration_us", totals => Microseconds(totals.Output), "Time of writing outputs, in microseconds.");
        Add("nv_cache_num_hits_per_model", totals => totals.CacheHit.Count, "Requests that were answered with the outputs of an earlier run.");
        Add("nv_cache_num_misses_per_model", totals => totals.CacheMiss.Count, "Requests that the response cache had no outputs for.");
        Add("nv_cache_hit_duration_per_model", totals => Microseconds(totals.CacheHit), "Time of finding outputs of earlier runs, in microseconds.");
        Add("nv_cache_miss_duration_per_model", totals => Microseconds(totals.CacheMiss), "Time of looking for outputs that were not there, and of keeping those of the run, in microseconds.");

        void Add(string name, Func<StatisticsTotals, long> value, string description) => meter.CreateObservableUpDownCounter(
            name,
            () => statistics.Versions.Select(version => new Measurement<long>(
                value(version.Totals), new KeyValuePair<string, object?>("model", version.Model), new KeyValuePair<string, object?>("version", version.Version))),
            unit: null,
            description);
    }

    private static long Microseconds(DurationSum sum) => (long)sum.Time.TotalMicroseconds;
}
