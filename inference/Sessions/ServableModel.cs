using Larder.Inference.Settings;
using Larder.Inference.Signatures;

namespace Larder.Inference.Sessions;

/// <summary>One version of a model, as serving needs to know it.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Version">The version, as metrics and messages name it.</param>
/// <param name="Sha256">SHA-256 of the ONNX file, 64 lower-case hexadecimal digits.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Description">What validation learned about the file.</param>
/// <param name="Settings">What its owner has set. Changed settings make another servable model.</param>
public sealed record ServableModel(string Name, string Version, string Sha256, long Bytes, ModelDescription Description, ModelSettings Settings);
