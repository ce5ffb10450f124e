using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Inference.Signatures;

namespace Larder.Inference.Tensors;

/// <summary>A function that turns raw scores (logits) into probabilities.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Activation>))]
public enum Activation
{
    /// <summary>Of classes that exclude each other: over the last dimension, so that each row's scores have the sum 1.</summary>
    [JsonStringEnumMemberName("softmax")] Softmax,

    /// <summary>Of classes that do not: of each element by itself.</summary>
    [JsonStringEnumMemberName("sigmoid")] Sigmoid,
}

/// <summary>What a prediction makes of one output before it is written: an activation, the classes with the highest scores, or both. Immutable.</summary>
public sealed class PostProcessing
{
    private readonly IReadOnlyList<string> _labels;
    private readonly ValueSignature _signature;

    private PostProcessing(int output, ValueSignature signature, int? top, Activation? activation, IReadOnlyList<string> labels) =>
        (Output, _signature, Top, Activation, _labels) = (output, signature, top, activation, labels);

    /// <summary>Index of the output.</summary>
    public int Output { get; }

    /// <summary>How many classes are written for each row, the one with the highest score first; null for all scores, in the output's shape.</summary>
    public int? Top { get; }

    /// <summary>What is applied to the scores; null for nothing.</summary>
    public Activation? Activation { get; }

    // All of them work on the classes of a row.
    private bool NeedsClasses => Top is not null || Activation == Tensors.Activation.Softmax;

    /// <summary>The post-processing of an output that has scores: the one that is named, or the only one that it can be.</summary>
    /// <param name="top">See <see cref="Top"/>.</param>
    /// <param name="activation">See <see cref="Activation"/>.</param>
    /// <param name="output">Name of the output; null for the only one that is a tensor of floating-point numbers with a dimension for classes (which a sigmoid does not need). Of several, the one
    /// whose last dimension is that of the labels.</param>
    /// <param name="labels">The names of the version's classes, in their order; empty for none.</param>
    /// <param name="signature">The model's.</param>
    /// <exception cref="InvalidInputException">It makes no sense for the output, or for none, or for several.</exception>
    public static PostProcessing Of(int? top, Activation? activation, string? output, IReadOnlyList<string> labels, ModelSignature signature)
    {
        var all = signature.Outputs.Select((value, i) => new PostProcessing(i, value, top, activation, labels)).ToList();
        PostProcessing chosen;
        if (output is not null)
        {
            chosen = all.Find(one => one._signature.Name == output)
                ?? throw new InvalidInputException($"output must be an output of the model: {string.Join(", ", signature.Outputs.Select(value => value.Name))}");
        }
        else
        {
            var possible = all.FindAll(one => one.Problem() is null);
            if (possible.Count > 1 && labels.Count > 0)
                possible = possible.FindAll(one => one._signature.Shape is [.., var length] && length == labels.Count) is { Count: > 0 } named ? named : possible;
            if (possible.Count > 1)
                throw new InvalidInputException($"{Asked(top, activation)} may be for {string.Join(" or ", possible.Select(one => $"{one._signature.Name} {one._signature.TypeName}"))}: say which with output=");
            chosen = possible.Count == 1 ? possible[0] : throw Refusal(top, activation, all);
        }

        // Labels of another length name the classes of something else: what the last dimension is then, only the caller knows.
        var problem = chosen.Problem();
        if (problem is null && chosen.NeedsClasses && chosen._signature.Shape is [.., >= 0 and var classes])
        {
            problem = chosen.ProblemOf(classes) ?? (output is null && labels.Count > 0 && classes != labels.Count
                ? $"has {classes} elements in its last dimension, and the version has {labels.Count} labels: if these are classes, say so with output={chosen._signature.Name}"
                : null);
        }

        return problem is null ? chosen : throw chosen.Refusal(problem);
    }

    /// <summary>Checks the output of a run, whose shape the signature may leave open.</summary>
    /// <exception cref="InvalidInputException">It has no classes, or fewer than are to be written.</exception>
    internal void Check(in Elements elements)
    {
        var shape = elements.Shape;
        // A single dimension that was not declared may be that of the rows.
        if (NeedsClasses && (shape.Length == 0 || (shape.Length == 1 && _signature.Shape is not [>= 0])))
            throw Refusal($"has shape [{string.Join(',', shape)}], without a dimension for classes");
        if (NeedsClasses && elements.Count > 0 && ProblemOf(shape[^1]) is { } problem)
            throw Refusal(problem);
    }

    /// <summary>The name of a class; null when it has none.</summary>
    internal string? LabelOf(int place, int classes) => _labels.Count == classes ? _labels[place] : null;

    private static string Asked(int? top, Activation? activation) => (top, activation) switch
    {
        (null, _) => "activation",
        (_, null) => "top",
        _ => "top and activation",
    };

    private static InvalidInputException Refusal(int? top, Activation? activation, IEnumerable<PostProcessing> outputs) =>
        new($"{Asked(top, activation)} cannot be applied: {string.Join("; ", outputs.Select(one => $"output {one._signature.Name} {one.Problem()}"))}");

    private InvalidInputException Refusal(string problem) => new($"{Asked(Top, Activation)} cannot be applied: output {_signature.Name} {problem}");

    // Why the output is of another kind. What an empty shape in a signature is, a scalar or an unknown rank, a run shows.
    private string? Problem() => _signature switch
    {
        { Kind: ValueKind.Sequence or ValueKind.Map } => $"is a {_signature.TypeName} (convert the model without ZipMap, so that it gives a tensor of scores)",
        { Datatype: not (Datatype.Fp16 or Datatype.Bf16 or Datatype.Fp32 or Datatype.Fp64) } => $"has elements of type {_signature.Datatype!.Value.Name()}, which are no scores",
        { Shape: [-1] } when NeedsClasses => "has one number for each row, and no dimension for classes",
        _ => null,
    };

    // Why it has not enough classes.
    private string? ProblemOf(long classes) =>
        Top > classes ? $"has {classes} {(classes == 1 ? "class" : "classes")}, and top is {Top}"
        : classes == 1 && Activation == Tensors.Activation.Softmax ? "has one score in each row, whose softmax is always 1: ask for activation=sigmoid"
        : null;
}

/// <summary>Writes the elements of one output as a <see cref="PostProcessing"/> has it, in their order, any number at a time. Not thread-safe.</summary>
internal sealed class ScoreWriter(PostProcessing processing)
{
    private static readonly JsonEncodedText Class = JsonEncodedText.Encode("class");
    private static readonly JsonEncodedText Label = JsonEncodedText.Encode("label");
    private static readonly JsonEncodedText Score = JsonEncodedText.Encode("score");

    private double _highest;
    private double _sum;

    /// <summary>Writes elements of one row into its open list.</summary>
    /// <param name="elements">The output.</param>
    /// <param name="element">The first of them.</param>
    /// <param name="count">How many, at most.</param>
    /// <param name="place">The place of the first in its row.</param>
    /// <param name="writer">Where to.</param>
    /// <returns>How many of them are done: the whole row, where the classes with the highest scores are written.</returns>
    public int Write(in Elements elements, int element, int count, int place, Utf8JsonWriter writer)
    {
        var classes = elements.Shape is [.., var length] ? (int)length : 1;
        if (place == 0 && processing.Activation == Activation.Softmax)
            Sum(elements, element, classes);
        if (processing.Top is { } top)
        {
            foreach (var best in Highest(elements, element, classes, top))
            {
                writer.WriteStartObject();
                writer.WriteNumber(Class, best);
                if (processing.LabelOf(best, classes) is { } label)
                    writer.WriteString(Label, label);
                writer.WritePropertyName(Score);
                WriteScore(elements, element + best, writer);
                writer.WriteEndObject();
            }

            return classes;
        }

        for (var i = 0; i < count; i++)
            WriteScore(elements, element + i, writer);
        return count;
    }

    // Relative to the highest score, so that no exponential overflows.
    private void Sum(in Elements elements, int first, int count)
    {
        _highest = double.NegativeInfinity;
        for (var i = 0; i < count; i++)
            _highest = Math.Max(_highest, elements.Number(first + i));
        _sum = 0;
        for (var i = 0; i < count; i++)
            _sum += Math.Exp(elements.Number(first + i) - _highest);
    }

    private void WriteScore(in Elements elements, int element, Utf8JsonWriter writer)
    {
        if (processing.Activation is not { } activation)
        {
            elements.Write(element, writer);
            return;
        }

        var raw = elements.Number(element);
        var score = activation == Activation.Softmax ? Math.Exp(raw - _highest) / _sum : Sigmoid(raw);
        if (elements.IsDouble)
            NumberWriter.Write(writer, score);
        else
            NumberWriter.Write(writer, (float)score);
    }

    private static double Sigmoid(double raw)
    {
        var exponential = Math.Exp(-Math.Abs(raw));
        return (raw < 0 ? exponential : 1) / (1 + exponential);
    }

    /// <summary>The classes of the highest scores, the highest first; of equal ones the first. NaN is higher than nothing.</summary>
    public static int[] Highest(in Elements elements, int first, int classes, int count)
    {
        var lowest = new PriorityQueue<int, (double Score, int Place)>(count);
        for (var i = 0; i < classes; i++)
        {
            var score = elements.Number(first + i);
            var rank = (double.IsNaN(score) ? double.NegativeInfinity : score, -i);
            if (lowest.Count < count)
                lowest.Enqueue(i, rank);
            else
                lowest.EnqueueDequeue(i, rank);
        }

        var best = new int[lowest.Count];
        for (var i = best.Length - 1; i >= 0; i--)
            best[i] = lowest.Dequeue();
        return best;
    }
}
