namespace Larder.Inference.Tensors;

/// <summary>Why a JSON token is not an element of a tensor.</summary>
internal enum ElementError
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>Not the kind of token that the datatype takes.</summary>
    WrongToken,

    /// <summary>A fraction where an integer belongs.</summary>
    NotIntegral,

    /// <summary>Beyond the datatype's range.</summary>
    OutOfRange,

    /// <summary>A string that is not well-formed Unicode.</summary>
    NotUnicode,
}
