using Larder.Inference.Validation.Scanning;

namespace Larder.Sandbox.RangeAnalysis;

/// <summary>
/// Element types of what nodes give, by the ONNX operator specifications: ONNX Runtime infers them, but writes only those that the file had. Most operators
/// give the type of their first input; listed are those that do not.
/// </summary>
internal static class TypeRules
{
    /// <summary>The element type of an output; null when it is no tensor, or not known.</summary>
    /// <param name="node">The node.</param>
    /// <param name="output">Which of its outputs.</param>
    /// <param name="typeOf">Types of its inputs, by their names.</param>
    public static long? Of(GraphNode node, int output, Func<string, long?> typeOf)
    {
        return node.Domain switch
        {
            OnnxSupport.DefaultDomain => Onnx(),
            "ai.onnx.ml" => MachineLearning(),
            "com.microsoft" or "com.microsoft.nchwc" => Microsoft(),
            _ => null,
        };

        long? Onnx() => node.Type switch
        {
            "Shape" or "Size" or "NonZero" or "ArgMax" or "ArgMin" or "NonMaxSuppression" or "SequenceLength" => ElementTypes.Int64,
            "TopK" or "MaxPool" or "Unique" or "StringSplit" when output > 0 => ElementTypes.Int64,
            "Equal" or "Less" or "LessOrEqual" or "Greater" or "GreaterOrEqual" or "And" or "Or" or "Xor" or "Not" or "IsNaN" or "IsInf" or "RegexFullMatch" => ElementTypes.Bool,
            "Dropout" when output > 0 => ElementTypes.Bool,
            "Cast" or "BitCast" => Attribute("to"),
            "CastLike" or "Where" => Input(1),
            "OneHot" => Input(2),
            "EyeLike" or "RandomNormalLike" or "RandomUniformLike" or "Bernoulli" => Attribute("dtype") ?? Input(0),
            "RandomNormal" or "RandomUniform" => Attribute("dtype") ?? ElementTypes.Float,
            "Multinomial" => Attribute("dtype") ?? ElementTypes.Int32,
            "HannWindow" or "HammingWindow" or "BlackmanWindow" or "MelWeightMatrix" => Attribute("output_datatype") ?? ElementTypes.Float,
            "ConstantOfShape" => node.ValueType ?? ElementTypes.Float,
            "Constant" => node.ValueType ?? (node.Integers.ContainsKey("value_int") ? ElementTypes.Int64 : null),
            "QuantizeLinear" => Input(2) ?? Attribute("output_dtype") ?? (node.Inputs.Count > 2 ? null : ElementTypes.UInt8),
            "DequantizeLinear" => Attribute("output_dtype") ?? Input(1),
            "DynamicQuantizeLinear" => output == 1 ? ElementTypes.Float : ElementTypes.UInt8,
            "QLinearConv" or "QLinearMatMul" => Input(7),
            "ConvInteger" or "MatMulInteger" => ElementTypes.Int32,
            "TfIdfVectorizer" => ElementTypes.Float,
            "LayerNormalization" or "BatchNormalization" or "SoftmaxCrossEntropyLoss" when output > 0 => null,
            "If" or "Scan" => Inner(output),
            "Loop" => Inner(output + 1),
            // Of sequences and optional values, whose elements' types are not followed.
            "SequenceAt" or "ConcatFromSequence" or "SequenceMap" or "OptionalGetElement" or "ReduceSumTraining" => null,
            _ => Input(0),
        };

        long? MachineLearning() => node.Type switch
        {
            "ArrayFeatureExtractor" or "Binarizer" or "Imputer" => Input(0),
            "Normalizer" or "Scaler" or "LinearRegressor" or "SVMRegressor" or "TreeEnsembleRegressor" or "FeatureVectorizer" or "OneHotEncoder" => ElementTypes.Float,
            "LinearClassifier" or "SVMClassifier" or "TreeEnsembleClassifier" when output == 1 => ElementTypes.Float,
            _ => null,
        };

        // Those that the optimiser makes of ONNX's.
        long? Microsoft() => node.Type switch
        {
            "Conv" or "FusedConv" or "MaxPool" or "AveragePool" or "GlobalMaxPool" or "GlobalAveragePool" or "ReorderInput" or "ReorderOutput" or "Upsample" or "FusedGemm"
                or "FusedMatMul" or "TransposeMatMul" or "Gelu" or "QuickGelu" or "FastGelu" or "BiasGelu" or "BiasSoftmax" or "SkipLayerNormalization"
                or "SkipSimplifiedLayerNormalization" or "Attention" or "MultiHeadAttention" or "GroupQueryAttention" or "RotaryEmbedding" or "DynamicQuantizeMatMul"
                or "MatMulNBits" or "Inverse" when output == 0 => Input(0),
            "MatMulIntegerToFloat" => ElementTypes.Float,
            _ => null,
        };

        long? Input(int input) => input < node.Inputs.Count ? typeOf(node.Inputs[input]) : null;

        long? Attribute(string name) => node.Integers.TryGetValue(name, out var value) && value != 0 ? value : null;

        long? Inner(int output) => node.Graphs is [var graph, ..] && output < graph.Outputs.Count && graph.Types.TryGetValue(graph.Outputs[output], out var type) ? type : null;
    }
}
