using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Larder.Inference.Batching;
using Larder.Inference.Caching;
using Larder.Inference.Images;
using Larder.Inference.Limits;
using Larder.Inference.Signatures;
using Larder.Inference.Validation.Scanning;

namespace Larder.Inference.Settings;

/// <summary>What an owner can set for one model; the defaults suit small models.</summary>
public sealed record ModelSettings
{
    /// <summary>The <see cref="Missing"/> that lets missing values become NaN.</summary>
    public const string MissingNan = "nan";

    /// <summary>ONNX Runtime session.</summary>
    [Description("The ONNX Runtime session.")]
    public SessionSettings Session { get; init; } = new();

    /// <summary>Running concurrent requests together.</summary>
    [Description("Running concurrent requests together.")]
    public BatchingSettings Batching { get; init; } = new();

    /// <summary>Requests that wait for a run.</summary>
    [Description("Requests that wait for a run.")]
    public QueueSettings Queue { get; init; } = new();

    /// <summary>Image inputs.</summary>
    [Description("How an image becomes a tensor.")]
    public ImageSettings Image { get; init; } = new();

    /// <summary>Answering with the outputs of earlier runs.</summary>
    [Description("Answering with the outputs of earlier runs.")]
    public CacheSettings Cache { get; init; } = new();

    /// <summary>
    /// What becomes of missing values of floating-point inputs: <c>refuse</c>, or <c>nan</c>, which lets infinities pass too; null follows what validation found
    /// (<see cref="ModelDescription.TakesMissing"/>).
    /// </summary>
    [Description("What becomes of missing values of floating-point inputs: refuse, or nan, which lets infinities pass too. By default what was found in the graph.")]
    public string? Missing { get; init; }

    /// <summary>Refuses what cannot work with a model: settings of images for one that takes none, or that do not fit its channels; batches, where rows cannot be added; a cache, where outputs differ or cannot be kept; NaN, where no input takes it.</summary>
    /// <exception cref="InvalidSettingsException">A sentence which and why.</exception>
    public void RequireFits(ModelDescription description)
    {
        var signature = description.Signature;
        if (!Image.IsDefault)
        {
            try
            {
                ImagePlan.For(signature, Image);
            }
            catch (InvalidInputException e)
            {
                throw new InvalidSettingsException($"The settings of image cannot work with this model. {e.Message}");
            }
        }

        if (Batching.Enabled == true && !BatchRules.HasBatchDimensions(signature))
            throw new InvalidSettingsException("batching.enabled cannot be true: requests run together only where every input and output of the model has a first dimension that varies, and this model has others.");
        if (Cache.Enabled && description.HasRandomOperators)
            throw new InvalidSettingsException("cache.enabled cannot be true: the model has operators that draw random numbers, so that the same inputs do not give the same outputs.");
        if (Cache.Enabled && CopiedValue.FirstUnknown(signature) is { } unknown)
            throw new InvalidSettingsException($"cache.enabled cannot be true: the output {unknown.Name} is a {unknown.TypeName}, which the cache cannot keep.");
        if (Missing == MissingNan && !signature.Inputs.Any(input => input.Datatype is Datatype.Fp16 or Datatype.Bf16 or Datatype.Fp32 or Datatype.Fp64))
            throw new InvalidSettingsException("missing cannot be nan: the model has no floating-point input, and others have no NaN.");
    }

    /// <summary>Refuses what is not known.</summary>
    /// <exception cref="InvalidSettingsException">Missing is neither.</exception>
    public void ValidateMissing()
    {
        if (Missing is not (null or MissingNan or "refuse"))
            throw new InvalidSettingsException($"missing must be refuse or nan, or null; got {Printable.Line(Missing, 40)}.");
    }
}

/// <summary>How a model's ONNX Runtime session is built.</summary>
public sealed record SessionSettings
{
    /// <summary>Threads that one run may use; null chooses: one for a small model, all cores for a large one.</summary>
    [Description("Threads of one run, 1 to 256. By default the server measures what serves more.")]
    public int? IntraOpThreads { get; init; }

    /// <summary>Graph optimisation: <c>none</c>, <c>basic</c>, <c>extended</c> or <c>all</c>.</summary>
    [Description("Graph optimisation: none, basic, extended or all.")]
    public string Optimization { get; init; } = "all";

    /// <summary>Refuses what no session could be built with.</summary>
    /// <exception cref="InvalidSettingsException">A setting is out of range or unknown.</exception>
    public void Validate()
    {
        if (IntraOpThreads is < 1 or > 256)
            throw new InvalidSettingsException($"session.intra_op_threads must be from 1 to 256, or null; got {IntraOpThreads}.");
        if (Optimization is not ("none" or "basic" or "extended" or "all"))
            throw new InvalidSettingsException($"session.optimization must be none, basic, extended or all; got {Optimization ?? "null"}.");
    }
}

/// <summary>Whether concurrent requests are run together, and how many rows one run may carry.</summary>
public sealed record BatchingSettings
{
    /// <summary>True or false decides; null follows the test in the sandbox (<see cref="ModelDescription.RowsAreIndependent"/>).</summary>
    [Description("Whether concurrent requests run together. By default if the rows of a batch were found to be independent of each other.")]
    public bool? Enabled { get; init; }

    /// <summary>Most rows in one run. A request with more runs alone.</summary>
    [Description("Maximum number of rows of one run. A request with more runs alone."), Range(1, 65_536)]
    public int MaxRows { get; init; } = 64;

    /// <summary>Refuses what could carry no request.</summary>
    /// <exception cref="InvalidSettingsException">A setting is out of range.</exception>
    public void Validate()
    {
        if (MaxRows is < 1 or > 65_536)
            throw new InvalidSettingsException($"batching.max_rows must be from 1 to 65536; got {MaxRows}.");
    }
}

/// <summary>How many requests may wait for a run of the model, and how long.</summary>
public sealed record QueueSettings
{
    /// <summary>Seconds within which a request must be answered that does not say it itself; null for as long as it takes.</summary>
    [Description("Seconds, 0.001 to 86400, within which a request must be answered that does not say it itself. By default any time.")]
    public double? TimeoutSeconds { get; init; }

    /// <summary>Requests that may wait; null follows the server (<see cref="InferenceLimits.QueuedRuns"/>).</summary>
    [Description("Requests that may wait, 1 to 1000000. By default the setting Limits:QueuedRuns.")]
    public int? MaxRequests { get; init; }

    /// <summary>Refuses what no request could keep to.</summary>
    /// <exception cref="InvalidSettingsException">A setting is out of range.</exception>
    public void Validate()
    {
        if (TimeoutSeconds is not (null or (>= 0.001 and <= 86_400)))
            throw new InvalidSettingsException(string.Create(CultureInfo.InvariantCulture, $"queue.timeout_seconds must be from 0.001 to 86400, or null; got {TimeoutSeconds}."));
        if (MaxRequests is < 1 or > 1_000_000)
            throw new InvalidSettingsException($"queue.max_requests must be from 1 to 1000000, or null; got {MaxRequests}.");
    }
}

/// <summary>Whether requests with the same inputs are answered with the outputs of an earlier run, and for how long.</summary>
public sealed record CacheSettings
{
    /// <summary>Longest time that a response may be kept for, in seconds: thirty days.</summary>
    public const int MostSeconds = 2_592_000;

    /// <summary>Whether they are.</summary>
    [Description("Whether a request is answered with the outputs of an earlier run with the same inputs.")]
    public bool Enabled { get; init; }

    /// <summary>Seconds after which the model is run again.</summary>
    [Description("Seconds after which the model is run again."), Range(1, MostSeconds)]
    public int Seconds { get; init; } = 300;

    /// <summary>Refuses what could keep nothing.</summary>
    /// <exception cref="InvalidSettingsException">A setting is out of range.</exception>
    public void Validate()
    {
        if (Seconds is < 1 or > MostSeconds)
            throw new InvalidSettingsException($"cache.seconds must be from 1 to {MostSeconds}; got {Seconds}.");
    }
}

/// <summary>
/// How an image becomes a tensor: after resizing, channel <c>c</c> of a pixel is <c>(raw * Scale - Mean[c]) / Std[c]</c>, raw being 0 to 255
/// and <c>c</c> counting in <see cref="ChannelOrder"/>.
/// Layout, size and number of channels come from the model's signature.
/// </summary>
public sealed record ImageSettings
{
    /// <summary>Factor for the raw value: 1 keeps 0-255, 1/255 gives 0-1.</summary>
    [Description("Factor for raw values from 0 to 255: 1 keeps them, 1/255 gives 0 to 1. Not 0.")]
    public double Scale { get; init; } = 1;

    /// <summary>Subtracted after scaling: one number, or one for each channel.</summary>
    [Description("Subtracted after scaling: one number, or one for each channel.")]
    public IReadOnlyList<double> Mean { get; init; } = [0];

    /// <summary>Divided by last: one number, or one for each channel; none may be 0.</summary>
    [Description("Divided by last: one number, or one for each channel; none may be 0.")]
    public IReadOnlyList<double> Std { get; init; } = [1];

    /// <summary><c>RGB</c> or <c>BGR</c>; a fourth channel is alpha, last in both, and a single one is grey whatever this says.</summary>
    [Description("RGB or BGR. A fourth channel is alpha, last in both.")]
    public string ChannelOrder { get; init; } = "RGB";

    /// <summary>
    /// <c>stretch</c> to the model's size, or <c>crop</c>: resize the shorter side, then cut the centre out.
    /// </summary>
    [Description("stretch to the size of the input, or crop: resize the shorter side, then cut the centre out.")]
    public string Resize { get; init; } = "stretch";

    /// <summary>Whether nothing is set.</summary>
    internal bool IsDefault => this is { Scale: 1, Mean: [0], Std: [1], ChannelOrder: "RGB", Resize: "stretch" };

    /// <summary>Refuses what no model could use. What fits one model's channels is seen by <see cref="ImagePlan.For(ValueSignature, ImageSettings)"/>.</summary>
    /// <exception cref="InvalidSettingsException">A setting is missing, unknown, not finite, or would divide by 0.</exception>
    public void Validate()
    {
        Require(double.IsFinite(Scale) && Scale != 0, "image.scale must be a number other than 0.");
        Require(Mean is [_, ..] && Mean.All(double.IsFinite), "image.mean must hold numbers: one, or one for each channel.");
        Require(Std is [_, ..] && Std.All(double.IsFinite), "image.std must hold numbers: one, or one for each channel.");
        Require(!Std.Contains(0), "image.std must not hold 0, since pixel values are divided by it.");
        Require(ChannelOrder is "RGB" or "BGR", $"image.channel_order must be RGB or BGR; got {ChannelOrder ?? "null"}.");
        Require(Resize is "stretch" or "crop", $"image.resize must be stretch or crop; got {Resize ?? "null"}.");
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidSettingsException(otherwise);
        }
    }
}
